"""`manage.py prune [--dry-run]`: removes rows that have been kept long enough. A relay does so once a day.

The functions in the setting RETENTION say which rows these are.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.chores import ChoreFailed, ChoreIsRunning, by_hand, prune
from core.ports import ports
from core.retention import Old


class Command(BaseCommand):
    help = "Remove old events, webhooks, sessions and other rows whose retention time has passed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count the rows without removing them")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            for kept_by in ports("RETENTION"):
                old: Old
                for old in kept_by():
                    self.stdout.write(f"would remove {old.rows.count()} {old.what}")
            return
        try:
            with by_hand("prune", self.stdout.write) as run:
                prune(run)
        except (ChoreFailed, ChoreIsRunning) as error:
            raise CommandError(str(error))
