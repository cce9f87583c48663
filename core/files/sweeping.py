"""Sweeping: stored files that no row names are removed, rows whose file is missing are reported.

Files without a row are left behind by a crash between writing a file and committing its row, by a crash between
committing a deletion and deleting the file, and by a transaction that failed after its upload was written.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models

from core.files.names import StoredUnder
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
    """A stored file that no row names: its path below MEDIA_ROOT, its size in bytes, why it could not be removed."""

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
        for path in _orphans(folder, fields, before, after_batch):
            name = str(path.relative_to(settings.MEDIA_ROOT))
            try:
                size = path.stat().st_size
                if not dry_run:
                    path.unlink()
            except FileNotFoundError:  # removed with its row meanwhile
                continue
            except OSError as error:
                logger.error("%s could not be removed: %s", name, error)
                yield Orphan(name, 0, str(error))
            else:
                yield Orphan(name, size)


def refuse_unless_ours(*, after_batch: Callable[[], None] = _nothing) -> None:
    """Raise SweepRefused if MEDIA_ROOT does not seem to belong to this database: nobody looks before it is swept."""
    ours = Installation.this().file("departures")
    for other in sorted(ours.parent.glob(".departures-*")):
        if other != ours:
            raise SweepRefused(
                f"Another Patter has sent messages with this MEDIA_ROOT (its file {other.name}). If that one is gone, "
                "remove the file; otherwise give each a MEDIA_ROOT of its own."
            )
    files = orphans = 0
    before = time.time() - MIN_GRACE_HOURS * 3600
    for folder, fields in _fields_by_folder().items():
        files += sum(1 for _ in _stored(folder))
        orphans += sum(1 for _ in _orphans(folder, fields, before, after_batch))
    if orphans > FEW_ORPHANS and orphans > files / 2:
        raise SweepRefused(
            f"{orphans} of {files} stored files belong to no row, which is more than crashes leave behind. Check that "
            "MEDIA_ROOT belongs to this database, then run manage.py sweep_files yourself."
        )


def missing_files(*, after_batch: Callable[[], None] = _nothing) -> Iterator[str]:
    """Yield the names that rows have for files that are not there. The rows stay: a backup may have the file."""
    for fields in _fields_by_folder().values():
        for field in fields:
            rows = field.model._default_manager.exclude(**{field.name: ""}).exclude(**{field.name: None})
            for index, name in enumerate(rows.values_list(field.name, flat=True).iterator(chunk_size=BATCH)):
                if index % BATCH == 0:
                    after_batch()
                if not field.storage.exists(name):
                    yield name


def _fields_by_folder() -> dict[str, list[models.FileField]]:
    """Every file field of every app, by the folder below MEDIA_ROOT that its files are stored in.

    Other folders below MEDIA_ROOT are not Patter's. Raises SweepRefused for a field that names no folder.
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


def _stored(folder: str) -> Iterator[Path]:
    return (path for path in (Path(settings.MEDIA_ROOT) / folder).rglob("*") if path.is_file())


def _written_before(paths: Iterator[Path], before: float) -> Iterator[Path]:
    for path in paths:
        try:
            if path.stat().st_mtime < before:
                yield path
        except FileNotFoundError:  # removed with its row meanwhile
            continue


def _orphans(
    folder: str, fields: list[models.FileField], before: float, after_batch: Callable[[], None]
) -> Iterator[Path]:
    """Files below the folder, last written before the time `before`, that none of the fields names."""
    root = Path(settings.MEDIA_ROOT)
    old = _written_before(_stored(folder), before)
    while batch := {str(path.relative_to(root)): path for path in islice(old, BATCH)}:
        for field in fields:
            rows = field.model._default_manager.filter(**{f"{field.name}__in": list(batch)})
            for name in rows.values_list(field.name, flat=True):
                batch.pop(name, None)
        yield from batch.values()
        after_batch()
