"""Sweeping: stored files that no row names are removed, rows whose file is missing are reported.

Files without a row are left behind by a crash between writing a file and committing its row, by a crash between
committing a deletion and deleting the file, and by a transaction that failed after its upload was written.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models

from core.files.names import StoredUnder
from core.files.storage import FilesAway, Kept, stored_files
from core.models import Installation

logger = logging.getLogger(__name__)

# An upload under way is written before its row is: files younger than this may still get one.
MIN_GRACE_HOURS = 1
# Files that are looked up in the database at a time.
BATCH = 500
# More orphans than this, and more than half of all files, are not what crashes leave behind.
FEW_ORPHANS = 20


class SweepRefused(ValueError):
    """Sweeping could remove files that are needed; `str()` says why."""


@dataclass(frozen=True)
class Orphan:
    """A stored file that no row names: its name, its size in bytes, why it could not be removed."""

    name: str
    size: int
    error: str = ""


def _nothing() -> None:
    """What is done after each batch by those who need not do anything."""


def sweep(*, grace_hours: float, dry_run: bool = False, after_batch: Callable[[], None] = _nothing) -> Iterator[Orphan]:
    """Remove the orphans that were last written more than `grace_hours` ago, and yield each of them.

    With `dry_run` they are only yielded. Raises SweepRefused for less than an hour of grace.
    """
    if not grace_hours >= MIN_GRACE_HOURS:  # written so that NaN is refused too
        raise SweepRefused(f"The grace must be {MIN_GRACE_HOURS} or more hours: an upload under way has no row yet.")
    before = time.time() - grace_hours * 3600
    for folder, fields in _fields_by_folder().items():
        for found in _orphans(folder, fields, before, after_batch):
            try:
                if not dry_run:
                    stored_files().delete(found.name)
            except (OSError, FilesAway) as error:
                logger.error("%s could not be removed: %s", found.name, error)
                yield Orphan(found.name, 0, str(error))
            else:
                yield Orphan(found.name, found.size)


def refuse_unless_ours(*, after_batch: Callable[[], None] = _nothing) -> None:
    """Raise SweepRefused if the files do not seem to belong to this database: nobody looks before they are swept."""
    place = "MEDIA_STORAGE" if settings.MEDIA_STORAGE else "MEDIA_ROOT"
    for other in stored_files().claimed_by_others(Installation.this().key):
        raise SweepRefused(
            f"Another Patter has sent messages with this {place} (its file {other}). If that one is gone, "
            f"remove the file; otherwise give each a {place} of its own."
        )
    files = orphans = 0
    before = time.time() - MIN_GRACE_HOURS * 3600
    for folder, fields in _fields_by_folder().items():
        files += sum(1 for _ in stored_files().kept(folder))
        orphans += sum(1 for _ in _orphans(folder, fields, before, after_batch))
    if orphans > FEW_ORPHANS and orphans > files / 2:
        raise SweepRefused(
            f"{orphans} of {files} stored files belong to no row, which is more than crashes leave behind. Check that "
            f"{place} belongs to this database, then run manage.py sweep_files yourself."
        )


def missing_files(*, after_batch: Callable[[], None] = _nothing) -> Iterator[str]:
    """Yield the names that rows have for files that are not there. The rows stay: a backup may have the file."""
    for fields in _fields_by_folder().values():
        for field in fields:
            rows = field.model._default_manager.exclude(**{field.name: ""}).exclude(**{field.name: None})
            # By id, and therefore mostly by the day whose folder the files are in.
            named = rows.order_by("pk").values_list(field.name, flat=True).iterator(chunk_size=BATCH)
            while names := list(islice(named, BATCH)):
                after_batch()
                there = stored_files().existing(names)
                yield from (name for name in names if name not in there)


def _fields_by_folder() -> dict[str, list[models.FileField]]:
    """Every file field of every app, by the folder that its files are stored in.

    Other folders are not Patter's. Raises SweepRefused for a field that names no folder.
    """
    found: dict[str, list[models.FileField]] = {}
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, models.FileField) and field.model is model:
                found.setdefault(_folder_of(field), []).append(field)
    return found


def _folder_of(field: models.FileField) -> str:
    to: Any = field.upload_to
    folder = to.prefix if isinstance(to, StoredUnder) else to.partition("/")[0] if isinstance(to, str) else ""
    if not folder:
        raise SweepRefused(f"{field} does not say which folder its files are in: use upload_to=StoredUnder(...).")
    return str(folder)


def _orphans(
    folder: str, fields: list[models.FileField], before: float, after_batch: Callable[[], None]
) -> Iterator[Kept]:
    """Files below the folder, last written before the time `before`, that none of the fields names."""
    old = (kept for kept in stored_files().kept(folder) if kept.written_at < before)
    while batch := {kept.name: kept for kept in islice(old, BATCH)}:
        for field in fields:
            rows = field.model._default_manager.filter(**{f"{field.name}__in": list(batch)})
            for name in rows.values_list(field.name, flat=True):
                batch.pop(name, None)
        yield from batch.values()
        after_batch()
