"""`manage.py prune [--dry-run]`: remove what is no longer kept. Run it once a day.

Every app says what it has of that kind, and for how long: setting RETENTION.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from core.ports import ports
from core.retention import Old


class Command(BaseCommand):
    help = "Remove events, raw webhooks, sessions and the like that are older than they are kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be removed, remove nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        verb = "would remove" if options["dry_run"] else "removed"
        for kept_by in ports("RETENTION"):
            old: Old
            for old in kept_by():
                count = old.rows.count() if options["dry_run"] else old.remove()
                self.stdout.write(f"{verb} {count} {old.what}")
