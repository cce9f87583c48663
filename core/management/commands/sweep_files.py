"""`manage.py sweep_files [--grace-hours N] [--dry-run]`: what core/files/sweeping.py does. Relays do so daily."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.chores import ChoreFailed, ChoreIsRunning, by_hand, sweep_files
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
            if options["dry_run"]:
                self._count(options["grace_hours"])
            else:
                with by_hand("sweep_files", self._tell) as run:
                    sweep_files(run, grace_hours=options["grace_hours"])
        except (ChoreFailed, ChoreIsRunning, SweepRefused) as refused:
            raise CommandError(str(refused))

    def _tell(self, line: str) -> None:
        (self.stderr if line.startswith("missing: ") else self.stdout).write(line)

    def _count(self, grace_hours: float) -> None:
        count = size = 0
        for orphan in sweep(grace_hours=grace_hours, dry_run=True):
            count, size = count + 1, size + orphan.size
            self.stdout.write(orphan.name)
        self.stdout.write(f"Would remove {count} file(s), {size} bytes.")
        lost = list(missing_files())
        for name in lost:
            self._tell(f"missing: {name}")
        self.stdout.write(f"Rows whose file is missing: {len(lost)}.")
