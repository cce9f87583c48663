"""Read ticks and the typing sign, as the customer sees them. Queued here, and shown by messaging/relay/receipts.py.

Each customer has one row, which is the job (model Receipt). Best effort: a receipt never delays a message.
"""

from django.conf import settings
from django.db import connection
from django.utils import timezone

from core.db.together import Write, write_together
from core.live.publishing import wake_relays
from messaging.models import Receipt

# Values of WHATSAPP_READ_RECEIPTS.
ON_READ, ON_REPLY, OFF = "on_read", "on_reply", "off"


def show_read(customer_id: int, when: str) -> None:
    """Have the customer's messages shown as read once this transaction is committed, if the setting says so.

    `when` is what happened: ON_READ or ON_REPLY. A reply counts under the setting `on_read` too.
    """
    if due := read_receipt(customer_id, when):
        write_together(*due)


def read_receipt(customer_id: int, when: str) -> list[Write]:
    """`show_read` for a caller who sends what it writes, if anything, with other writes."""
    if settings.WHATSAPP_READ_RECEIPTS in {ON_READ: (ON_READ,), ON_REPLY: (ON_READ, ON_REPLY)}[when]:
        return [_due(customer_id, typing=False)]
    return []


def show_typing(customer_id: int) -> None:
    """Have the customer shown that someone is typing, unless the setting is `off`: it marks messages as read too."""
    if settings.WHATSAPP_READ_RECEIPTS != OFF:
        write_together(_due(customer_id, typing=True))


_MAKE_DUE = (
    f"INSERT INTO {Receipt._meta.db_table} (customer_id, due, typing, attempts, not_before) "
    "VALUES (%s, %s, %s, 0, %s) "
    "ON CONFLICT (customer_id) DO UPDATE SET due = excluded.due, typing = excluded.typing, attempts = 0, "
    "not_before = excluded.not_before, lease_until = NULL, claim_token = NULL"
)


def _due(customer_id: int, *, typing: bool) -> Write:
    # By hand, because every send comes here (docs/decisions/005-hand-written-sql.md).
    wake_relays()
    return _MAKE_DUE, [customer_id, True, typing, connection.ops.adapt_datetimefield_value(timezone.now())]
