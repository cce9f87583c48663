"""Sweeping: stored files that no row names are removed, rows whose file is missing are reported.

Files without a row are left behind by a crash between writing a file and committing its row, by a crash between
committing a deletion and deleting the file, and by a transaction that failed after its upload was written.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models

from core.files.names import StoredUnder

# An upload under way is written before its row is: files younger than this may still get one.
MIN_GRACE_HOURS = 1
# Files that are looked up in the database at a time.
BATCH = 500


class SweepRefused(ValueError):
    """Sweeping could remove files that are needed; `str()` says why."""


@dataclass(frozen=True)
class Orphan:
    """A stored file that no row names: its path below MEDIA_ROOT, and its size in bytes."""

    name: str
    size: int


def sweep(*, grace_hours: float, dry_run: bool = False) -> Iterator[Orphan]:
    """Remove the orphans that were last written more than `grace_hours` ago, and yield each of them.

    With `dry_run` they are only yielded. Raises SweepRefused for less than an hour of grace.
    """
    if not grace_hours >= MIN_GRACE_HOURS:  # written so that NaN is refused too
        raise SweepRefused(f"The grace must be {MIN_GRACE_HOURS} or more hours: an upload under way has no row yet.")
    before = time.time() - grace_hours * 3600
    for folder, fields in _fields_by_folder().items():
        for path in _orphans(folder, fields, before):
            orphan = Orphan(str(path.relative_to(settings.MEDIA_ROOT)), path.stat().st_size)
            if not dry_run:
                path.unlink(missing_ok=True)
            yield orphan


def missing_files() -> Iterator[str]:
    """Yield the names that rows have for files that are not there. The rows stay: a backup may have the file."""
    for fields in _fields_by_folder().values():
        for field in fields:
            rows = field.model._default_manager.exclude(**{field.name: ""}).exclude(**{field.name: None})
            for name in rows.values_list(field.name, flat=True).iterator(chunk_size=BATCH):
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


def _orphans(folder: str, fields: list[models.FileField], before: float) -> Iterator[Path]:
    """Files below the folder, last written before the time `before`, that none of the fields names."""
    root = Path(settings.MEDIA_ROOT)
    old = (path for path in (root / folder).rglob("*") if path.is_file() and path.stat().st_mtime < before)
    while batch := {str(path.relative_to(root)): path for path in islice(old, BATCH)}:
        for field in fields:
            rows = field.model._default_manager.filter(**{f"{field.name}__in": list(batch)})
            for name in rows.values_list(field.name, flat=True):
                batch.pop(name, None)
        yield from batch.values()
