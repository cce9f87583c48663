"""`manage.py after_restore`: run it when the files were restored together with the database, before Patter starts.

A relay notices by itself when only the database was restored.
"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.db.process_lock import ProcessLock
from core.ports import ports
from messaging.relay.restored import after_restore


class Command(BaseCommand):
    help = "After a backup was restored: messages that may have been sent already become uncertain."

    def handle(self, *args: Any, **options: Any) -> None:
        alone = ProcessLock()
        if settings.EMBEDDED:
            try:
                alone.acquire()
            except RuntimeError:
                raise CommandError("Patter is running. Stop it first.")
        try:
            count = after_restore([source() for source in ports("RELAY_JOBS")])
        finally:
            alone.release()
        self.stdout.write(f"Messages that became uncertain: {count}.")
