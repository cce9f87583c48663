"""`manage.py sweep_files [--grace-hours N] [--dry-run]`: remove files that no row speaks of.

Such files are left by a crash between writing a file and committing its row, or between committing a deletion and
deleting the file, and by a transaction that failed after its upload was written. Run it once a day.
"""

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import models

from core.files.names import StoredUnder

BATCH = 500

FileFields = dict[str, list[models.FileField]]


class Command(BaseCommand):
    help = "Remove stored files that no row speaks of, and report rows whose file is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--grace-hours", type=float, default=1, help="leave younger files alone: their row may be on its way"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be removed, remove nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["grace_hours"] >= 1:
            raise CommandError("--grace-hours must be 1 or more: an upload under way has no row yet.")
        before = time.time() - options["grace_hours"] * 3600
        count = size = 0
        for prefix, fields in fields_by_prefix().items():
            for path in orphans(prefix, fields, before):
                count, size = count + 1, size + path.stat().st_size
                self.stdout.write(str(path.relative_to(settings.MEDIA_ROOT)))
                if not options["dry_run"]:
                    path.unlink(missing_ok=True)
        done = "Would remove" if options["dry_run"] else "Removed"
        self.stdout.write(f"{done} {count} file(s), {size} bytes.")
        lost = [name for fields in fields_by_prefix().values() for field in fields for name in missing(field)]
        for name in lost:
            self.stderr.write(f"missing: {name}")
        self.stdout.write(f"Rows whose file is missing: {len(lost)}.")


def fields_by_prefix() -> FileFields:
    """Every file field of every app, by the folder below MEDIA_ROOT that its files are stored in.

    What lies elsewhere below MEDIA_ROOT is none of ours. Raises CommandError for a field that names no folder.
    """
    found: FileFields = {}
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, models.FileField) and field.model is model:
                found.setdefault(_prefix(field), []).append(field)
    return found


def _prefix(field: models.FileField) -> str:
    to: Any = field.upload_to
    prefix = to.prefix if isinstance(to, StoredUnder) else to.partition("/")[0] if isinstance(to, str) else ""
    if not prefix:
        raise CommandError(f"{field} does not say which folder its files are in; give it upload_to=StoredUnder(...).")
    return str(prefix)


def orphans(prefix: str, fields: list[models.FileField], before: float) -> Iterator[Path]:
    """Files below the folder, last written before the time `before`, that none of the fields names."""
    root = Path(settings.MEDIA_ROOT)
    old = (path for path in (root / prefix).rglob("*") if path.is_file() and path.stat().st_mtime < before)
    while batch := {str(path.relative_to(root)): path for path in islice(old, BATCH)}:
        for field in fields:
            rows = field.model._default_manager.filter(**{f"{field.name}__in": list(batch)})
            for name in rows.values_list(field.name, flat=True):
                batch.pop(name, None)
        yield from batch.values()


def missing(field: models.FileField) -> Iterator[str]:
    """Names that rows have in the field and no file has. They are not touched: a backup may have the file."""
    rows = field.model._default_manager.exclude(**{field.name: ""}).exclude(**{field.name: None})
    for name in rows.values_list(field.name, flat=True).iterator(chunk_size=BATCH):
        if not field.storage.exists(name):
            yield name
