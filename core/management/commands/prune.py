"""`manage.py prune [--dry-run]`: removes rows that have been kept long enough. Run it once a day.

The functions in the setting RETENTION say which rows these are.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from core.ports import ports
from core.retention import Old


class Command(BaseCommand):
    help = "Remove old events, webhooks, sessions and other rows whose retention time has passed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count the rows without removing them")

    def handle(self, *args: Any, **options: Any) -> None:
        verb = "would remove" if options["dry_run"] else "removed"
        for kept_by in ports("RETENTION"):
            old: Old
            for old in kept_by():
                count = old.rows.count() if options["dry_run"] else old.remove()
                self.stdout.write(f"{verb} {count} {old.what}")
