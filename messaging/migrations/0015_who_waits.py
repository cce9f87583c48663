"""Since when the chats there are wait for an answer, and the indexes for it.

Works in batches, each a transaction of its own; what broke off is done again from the start. What comes in and goes
out meanwhile writes the column itself: the customers of a batch are locked.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.db import connection, migrations, models, transaction
from django.db.models import Q

from core.db.migrations import AddIndexWithoutLock

_BATCH = 500
_SENT_AT = "COALESCE(a.sent_at, a.delivered_at, a.read_at, a.ordered_at)"
_WENT_OUT = f"CASE WHEN {_SENT_AT} > a.ordered_at THEN {_SENT_AT} ELSE a.ordered_at END"
_LAST_ANSWERS = (
    "SELECT MAX(CASE WHEN a.sender_id IS NULL THEN a.ordered_at END) AS echo_at, "
    f"MAX(CASE WHEN a.sender_id IS NOT NULL THEN {_WENT_OUT} END) AS desk_at, "
    "MAX(CASE WHEN a.sender_id IS NOT NULL THEN a.id END) AS desk_id "
    "FROM messaging_message a WHERE a.customer_id = c.customer_id AND a.direction = 'outbound' "
    "AND a.type <> 'reaction' AND a.status IN ('sent', 'delivered', 'read', 'played')"
)
_WAITING_SINCE = (
    "UPDATE messaging_conversation AS c SET waiting_since = ("
    "SELECT MIN(CASE WHEN m.created_at < m.ordered_at THEN m.created_at ELSE m.ordered_at END) "
    f"FROM messaging_message m, ({_LAST_ANSWERS}) s WHERE m.customer_id = c.customer_id AND m.direction = 'inbound' "
    "AND m.type NOT IN ('reaction', 'system') AND m.deleted_at IS NULL "
    "AND (s.echo_at IS NULL OR m.ordered_at > s.echo_at) AND (s.desk_id IS NULL OR "
    "CASE WHEN m.created_at = m.ordered_at THEN m.id > s.desk_id ELSE m.ordered_at > s.desk_at END)) "
    "WHERE c.customer_id BETWEEN %s AND %s"
)


def look(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("customers", "Customer").objects
    for ids in _batches(apps.get_model("messaging", "Conversation")):
        with transaction.atomic(), connection.cursor() as cursor:
            list(rows.filter(pk__in=ids).select_for_update(no_key=True).order_by("pk").values_list("pk"))
            cursor.execute(_WAITING_SINCE, [ids[0], ids[-1]])


def _batches(conversations: Any) -> Iterator[list[int]]:
    last = 0
    keys = conversations.objects.order_by("pk").values_list("pk", flat=True)
    while ids := list(keys.filter(pk__gt=last)[:_BATCH]):
        yield ids
        last = ids[-1]


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0014_waiting")]
    operations: ClassVar[list[object]] = [
        migrations.RunPython(look, migrations.RunPython.noop),
        AddIndexWithoutLock(
            "conversation",
            models.Index(
                fields=["waiting_since", "customer"],
                condition=Q(waiting_since__isnull=False),
                name="conversation_waiting",
            ),
        ),
        AddIndexWithoutLock(
            "conversation",
            models.Index(
                fields=["last_inbound_at", "customer"],
                condition=Q(last_inbound_at__isnull=False),
                name="conversation_written",
            ),
        ),
        AddIndexWithoutLock(
            "conversation",
            models.Index(
                fields=["state", "snoozed_until", "customer"], condition=~Q(state="open"), name="conversation_put_away"
            ),
        ),
    ]
