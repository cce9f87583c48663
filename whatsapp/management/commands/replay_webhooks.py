"""`manage.py replay_webhooks --failed | --since TIME | --id N ...`: handle raw webhooks again."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_date, parse_datetime

from whatsapp.models import WebhookEvent, WebhookState
from whatsapp.webhook.replaying import replay_webhooks


class Command(BaseCommand):
    help = "Let the relay handle raw webhooks again. Messages that are already in the chats stay as they are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--failed", action="store_true", help="webhooks that failed")
        parser.add_argument("--since", type=_time, help="webhooks since this day or time (UTC), like 2026-01-31")
        parser.add_argument("--id", type=int, nargs="+", default=[], help="webhooks with these ids")
        parser.add_argument("--dry-run", action="store_true", help="only count them")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (options["failed"] or options["since"] or options["id"]):
            raise CommandError(
                "Choose webhooks with --failed, --since TIME or --id N. Several options narrow the choice."
            )
        events = WebhookEvent.objects.all()
        if options["failed"]:
            events = events.filter(state=WebhookState.FAILED)
        if options["since"]:
            events = events.filter(received_at__gte=options["since"])
        if options["id"]:
            events = events.filter(pk__in=options["id"])
        if options["dry_run"]:
            self.stdout.write(f"Webhooks that would be handled again: {events.count()}")
            return
        count = replay_webhooks(events, actor=None)
        self.stdout.write(f"Webhooks that the relay will handle again: {count}")


def _time(text: str) -> datetime:
    try:
        found = parse_datetime(text)
        if found is None and (day := parse_date(text)) is not None:
            found = datetime(day.year, day.month, day.day, tzinfo=UTC)
    except ValueError:
        found = None
    if found is None:
        raise ValueError(f"not a time: {text}")
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
