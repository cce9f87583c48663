"""Triggers that copy a customer's owner, and into whom they were merged, into the row of their chat; and the copies.

Triggers, because the version before goes on writing while the new one starts. They fire after a row was stored: a
message that finds its chat there costs nothing more. The customer is locked, so that nobody copies an owner whom
somebody else is just changing. Existing rows are filled in batches, each a transaction of its own; what broke off is
done again from the start. Nobody waits for more than one batch.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.db import connection, migrations, transaction

_BATCH = 500
_POSTGRESQL = [
    """CREATE OR REPLACE FUNCTION messaging_conversation_copies() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE messaging_conversation v SET owner_id = c.owner_id, merged_into = c.merged_into_id
    FROM (SELECT owner_id, merged_into_id FROM customers_customer WHERE id = NEW.customer_id FOR SHARE) c
    WHERE v.customer_id = NEW.customer_id
    AND (v.owner_id IS DISTINCT FROM c.owner_id OR v.merged_into IS DISTINCT FROM c.merged_into_id);
    RETURN NULL; END $$""",
    """CREATE OR REPLACE FUNCTION customers_customer_is_copied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE messaging_conversation SET owner_id = NEW.owner_id, merged_into = NEW.merged_into_id
    WHERE customer_id = NEW.id;
    RETURN NULL; END $$""",
    "DROP TRIGGER IF EXISTS messaging_conversation_copies ON messaging_conversation",
    """CREATE TRIGGER messaging_conversation_copies AFTER INSERT OR UPDATE OF owner_id, merged_into
    ON messaging_conversation FOR EACH ROW EXECUTE FUNCTION messaging_conversation_copies()""",
    "DROP TRIGGER IF EXISTS customers_customer_is_copied ON customers_customer",
    """CREATE TRIGGER customers_customer_is_copied AFTER UPDATE OF owner_id, merged_into_id ON customers_customer
    FOR EACH ROW WHEN (NEW.owner_id IS DISTINCT FROM OLD.owner_id
    OR NEW.merged_into_id IS DISTINCT FROM OLD.merged_into_id) EXECUTE FUNCTION customers_customer_is_copied()""",
]
_POSTGRESQL_DROP = [
    "DROP TRIGGER IF EXISTS customers_customer_is_copied ON customers_customer",
    "DROP TRIGGER IF EXISTS messaging_conversation_copies ON messaging_conversation",
    "DROP FUNCTION IF EXISTS customers_customer_is_copied()",
    "DROP FUNCTION IF EXISTS messaging_conversation_copies()",
]
_COPY = (
    "UPDATE messaging_conversation SET owner_id = c.owner_id, merged_into = c.merged_into_id "
    "FROM customers_customer c WHERE c.id = messaging_conversation.customer_id AND "
)
_SQLITE = [
    f"""CREATE TRIGGER IF NOT EXISTS messaging_conversation_added AFTER INSERT ON messaging_conversation BEGIN
    {_COPY} customer_id = NEW.customer_id; END""",
    f"""CREATE TRIGGER IF NOT EXISTS messaging_conversation_copies AFTER UPDATE OF owner_id, merged_into
    ON messaging_conversation WHEN (NEW.owner_id, NEW.merged_into) IS NOT
    (SELECT owner_id, merged_into_id FROM customers_customer WHERE id = NEW.customer_id) BEGIN
    {_COPY} customer_id = NEW.customer_id; END""",
    f"""CREATE TRIGGER IF NOT EXISTS customers_customer_is_copied AFTER UPDATE OF owner_id, merged_into_id
    ON customers_customer WHEN (NEW.owner_id, NEW.merged_into_id) IS NOT (OLD.owner_id, OLD.merged_into_id) BEGIN
    {_COPY} customer_id = NEW.id; END""",
]
_SQLITE_DROP = [
    f"DROP TRIGGER IF EXISTS {name}"
    for name in ("customers_customer_is_copied", "messaging_conversation_copies", "messaging_conversation_added")
]


def keep(apps: Any, schema_editor: Any) -> None:
    for statement in _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE:
        schema_editor.execute(statement, params=None)


def keep_no_longer(apps: Any, schema_editor: Any) -> None:
    for statement in _POSTGRESQL_DROP if connection.vendor == "postgresql" else _SQLITE_DROP:
        schema_editor.execute(statement, params=None)


def fill(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("customers", "Customer").objects
    for ids in _batches(apps.get_model("messaging", "Conversation")):
        with transaction.atomic(), connection.cursor() as cursor:
            # Customers first, as everybody does who changes their chats.
            list(rows.filter(pk__in=ids).select_for_update(no_key=True).order_by("pk").values_list("pk"))
            cursor.execute(f"{_COPY} messaging_conversation.customer_id BETWEEN %s AND %s", [ids[0], ids[-1]])


def _batches(conversations: Any) -> Iterator[list[int]]:
    last = 0
    keys = conversations.objects.order_by("pk").values_list("pk", flat=True)
    while ids := list(keys.filter(pk__gt=last)[:_BATCH]):
        yield ids
        last = ids[-1]


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("customers", "0018_count_in_base_currency"),
        ("messaging", "0031_copied_columns"),
    ]
    operations: ClassVar[list[object]] = [
        migrations.RunPython(keep, keep_no_longer),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
