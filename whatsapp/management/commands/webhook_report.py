"""`manage.py webhook_report [--days N] [--missing]`: received against stored, day by day."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from whatsapp.webhook.report import daily

_COLUMNS = ("day", "webhooks", "pending", "failed", "received", "stored", "missing", "unreadable", "groups")


class Command(BaseCommand):
    help = "Compare the messages in Meta's webhooks with those in the chats. Exits with 1 if any is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=7, help="how many days (UTC), including today")
        parser.add_argument("--missing", action="store_true", help="list the messages that are in no chat")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["days"] <= 366:
            raise CommandError("--days must be between 1 and 366.")
        self.stdout.write("".join(f"{name:>12}" for name in _COLUMNS))
        missing = 0
        for report in daily(options["days"], timezone.now().date()):
            figures = (report.webhooks, report.pending, report.failed, report.received, report.stored)
            row = (report.day.isoformat(), *figures, len(report.missing), report.unreadable, report.groups)
            self.stdout.write("".join(f"{value:>12}" for value in row))
            if options["missing"]:
                for number, wamid in report.missing:
                    self.stdout.write(f"  missing: {wamid} to {number}")
            missing += len(report.missing)
        if missing:
            raise CommandError(f"Messages that are not in any chat (yet): {missing}", returncode=1)
