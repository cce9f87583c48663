"""`manage.py sweep_files [--grace-hours N] [--dry-run]`: what core/files/sweeping.py does. Run it once a day."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.files.sweeping import MIN_GRACE_HOURS, SweepRefused, missing_files, sweep


class Command(BaseCommand):
    help = "Remove stored files that belong to no row, and report rows whose file is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--grace-hours",
            type=float,
            default=MIN_GRACE_HOURS,
            help="leave files alone that are younger than this: their row may not be saved yet (default: 1)",
        )
        parser.add_argument("--dry-run", action="store_true", help="list the files without removing them")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._sweep(**{name: options[name] for name in ("grace_hours", "dry_run")})
        except SweepRefused as refused:
            raise CommandError(str(refused))

    def _sweep(self, *, grace_hours: float, dry_run: bool) -> None:
        count = size = 0
        for orphan in sweep(grace_hours=grace_hours, dry_run=dry_run):
            count, size = count + 1, size + orphan.size
            self.stdout.write(orphan.name)
        self.stdout.write(f"{'Would remove' if dry_run else 'Removed'} {count} file(s), {size} bytes.")
        lost = list(missing_files())
        for name in lost:
            self.stderr.write(f"missing: {name}")
        self.stdout.write(f"Rows whose file is missing: {len(lost)}.")
