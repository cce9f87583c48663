"""`manage.py doctor`: look at everything that Patter needs, and say in a line each what is wrong and what to do."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError

from core.redaction import said
from whatsapp.doctor.findings import BROKEN, OK, WARNING, Finding, Look
from whatsapp.doctor.machine import look_at_database, look_at_disks, look_at_redis, look_at_settings
from whatsapp.doctor.meta import look_at_numbers, look_at_templates, look_at_token
from whatsapp.doctor.names import look_at_names
from whatsapp.doctor.queue import look_at_queue
from whatsapp.doctor.reach import look_at_webhook

ALONE: list[tuple[str, Look]] = [
    ("settings", look_at_settings),
    ("database", look_at_database),
    ("redis", look_at_redis),
    ("disk", look_at_disks),
    ("webhook", look_at_webhook),
    ("token", look_at_token),
]
# These read tables.
WITH_TABLES: list[tuple[str, Look]] = [
    ("numbers", look_at_numbers),
    ("templates", look_at_templates),
    ("queue", look_at_queue),
    ("names", look_at_names),
]


class Command(BaseCommand):
    help = "Look at everything that Patter needs. Ends with 1 if something is broken."
    # It runs them itself, and shows their findings as its own.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        styles = {OK: self.style.SUCCESS, WARNING: self.style.WARNING, BROKEN: self.style.ERROR}
        states: Counter[str] = Counter()
        for finding in _findings():
            states[finding.state] += 1
            line = finding.line()
            self.stdout.write(styles[finding.state](line[:8]) + line[8:])
            self.stdout.flush()
        self.stdout.write(f"\n{states[BROKEN]} broken, {states[WARNING]} warnings, {states[OK]} ok")
        if states[BROKEN]:
            raise SystemExit(1)


def _findings() -> Iterator[Finding]:
    has_tables = True
    for part, look in ALONE:
        for finding in _look(part, look):
            if finding.part in ("database", "migrations") and finding.state == BROKEN:
                has_tables = False
            yield finding
    for part, look in WITH_TABLES:
        if has_tables:
            yield from _look(part, look)
        else:
            yield Finding(part, WARNING, "not looked at: the database must work first.")


def _look(part: str, look: Look) -> Iterator[Finding]:
    try:
        yield from look()
    except (DatabaseError, InterfaceError) as error:
        yield Finding(part, BROKEN, f"the database does not answer: {said(error).splitlines()[0]}", "See its log.")
    except Exception as error:  # noqa: BLE001 - whatever it is, the other parts are still worth looking at
        text = f"it could not be looked at: {type(error).__name__}: {said(error)}"
        yield Finding(part, BROKEN, " ".join(text.split()), "Please report this.")
