"""What is done after the database was restored from a backup: nothing that may have left leaves again.

A relay recognises it (messaging/relay/departures.py) before it claims anything; `manage.py after_restore` is for a
restore that nothing can recognise, because the file was restored as well.
"""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from core.models import Installation
from customers.models import Customer
from messaging.models import Message
from messaging.relay.departures import catch_up, is_ahead, prepared, suspected, write_all, written
from messaging.relay.jobs import JobSource

logger = logging.getLogger(__name__)

# How far the clocks of two machines may be apart: who queues messages, and who counts what leaves.
_CLOCKS = timedelta(seconds=1)
# Ids that are left out, because they were given after the backup: WhatsApp still reports on those messages by their
# ids, and pages that are open show those customers. Nobody gives so many between two backups.
_SKIPPED_IDS = 1_000_000


def recognise(sources: Iterable[JobSource]) -> bool:
    """Give up what may have left already if the database is older than the file says, and return whether it is.

    It may be interrupted at any point: then it begins anew, here or in another relay.
    """
    departures = written(prepared())
    found = suspected.is_set()
    if not is_ahead(departures) and not found:
        return False
    # What was queued after the restore is newer than whatever left before it.
    newest = max((departure.at for departure in departures), default=timezone.now().timestamp())
    before = datetime.fromtimestamp(newest, UTC) + _CLOCKS
    given_up = give_up(sources, before=before)
    with transaction.atomic():
        Installation.objects.select_for_update().get(pk=Installation.ONLY)
        if is_ahead(departures) or found:  # otherwise another relay was faster
            catch_up(departures)
            _skip_ids()
            _remember(given_up)
    suspected.clear()
    return True


def give_up(sources: Iterable[JobSource], *, before: datetime) -> int:
    """Let each source give up what was queued before a time and may have left; return how many messages there were."""
    given_up = sum(source.after_restore(before=before) for source in sources)
    logger.error(
        "The database was restored from a backup. %d messages that were queued or being sent before %s are uncertain "
        "now, because they may have been sent after the backup was made. Nothing of that is sent again by itself.",
        given_up,
        before.isoformat(timespec="seconds"),
    )
    return given_up


def after_restore(sources: Iterable[JobSource]) -> int:
    """Treat the database as one that was just restored, and return how many messages became uncertain by that.

    Nothing of Patter may be running.
    """
    departures = written(prepared())
    given_up = give_up(sources, before=timezone.now())
    with transaction.atomic():
        catch_up(departures)
        _skip_ids()
        _remember(given_up)
    write_all(Installation.this())
    return given_up


def _remember(given_up: int) -> None:
    Installation.objects.filter(pk=Installation.ONLY).update(restored_at=timezone.now(), restored_messages=given_up)


def _skip_ids() -> None:
    for model in (Message, Customer):
        table = model._meta.db_table
        newest = model._base_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, newest + _SKIPPED_IDS])
            else:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute(
                    "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, newest + _SKIPPED_IDS]
                )
