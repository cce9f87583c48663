"""When each identity was last written from, as far as the chats tell.

The address that wrote last is in the conversation. For a customer with one identity on a number, the newest message
there says it; with several, nothing says who wrote which, and theirs stay empty until they write again.
"""

from collections import Counter
from typing import Any

from django.db import migrations
from django.db.models import Max
from django.utils import timezone

BATCH = 1000


def backfill(apps: Any, schema_editor: Any) -> None:
    identities = apps.get_model("whatsapp", "Identity").objects
    last = 0
    while batch := list(identities.filter(pk__gt=last, last_inbound_at=None).order_by("pk")[:BATCH]):
        _fill(apps, batch)
        last = batch[-1].pk


def _fill(apps: Any, batch: list[Any]) -> None:
    customers = {identity.customer_id for identity in batch}
    chats = apps.get_model("messaging", "Conversation").objects.filter(customer__in=customers)
    last = {chat.customer_id: (chat.last_address, chat.last_inbound_at) for chat in chats}
    said = apps.get_model("messaging", "Message").objects.filter(customer__in=customers, direction="inbound")
    newest = said.exclude(type="system").values_list("customer", "business_number").annotate(Max("created_at"))
    # A provider's time may be in the future.
    wrote = {(customer, number): min(at, timezone.now()) for customer, number, at in newest}
    identities = apps.get_model("whatsapp", "Identity").objects
    places = Counter(identities.filter(customer__in=customers).values_list("customer", "business_number"))
    known = []
    for identity in batch:
        address, at = last.get(identity.customer_id, (None, None))
        place = (identity.customer_id, identity.business_number_id)
        if address is None or address not in (identity.wa_id, identity.user_id):
            at = wrote.get(place) if places[place] == 1 else None
        if at is not None:
            identity.last_inbound_at = at
            known.append(identity)
    identities.bulk_update(known, ["last_inbound_at"])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("messaging", "0007_number_of_the_home_channel"), ("whatsapp", "0006_identity_indexes")]

    operations = [migrations.RunPython(backfill, migrations.RunPython.noop, elidable=True)]
