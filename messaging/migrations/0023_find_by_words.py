"""The words of the messages that are there, and the index of PostgreSQL. Nobody waits for it.

The newest get theirs first, in batches, each in a transaction of its own; what broke off goes on when it is run again.
What the version before stores meanwhile, the relay does afterwards (messaging/relay/unindexed.py).
"""

from typing import Any, ClassVar

from django.db import migrations, models

from core.db.migrations import AddIndexWithoutLock, RemoveTrigramIndex
from core.db.word_migrations import AddWordsIndex
from core.db.words import store_missing

_BATCH = 1_000


def fill(apps: Any, schema_editor: Any) -> None:
    messages = apps.get_model("messaging", "Message").objects
    last = 2**63 - 1
    while ids := list(messages.filter(pk__lt=last).order_by("-pk").values_list("pk", flat=True)[:_BATCH]):
        rows = messages.filter(pk__in=ids).only("text", "deleted_at")
        store_missing(rows, lambda message: "" if message.deleted_at else message.text)
        last = ids[-1]
    if schema_editor.connection.vendor == "postgresql":
        # Every row was written anew, and a search asks how common a word is.
        schema_editor.execute("VACUUM (ANALYZE) messaging_message")


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0022_words")]
    operations: ClassVar[list[object]] = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndexWithoutLock(
            "message",
            models.Index(fields=["id"], condition=models.Q(words=None), name="message_without_words"),
        ),
        AddWordsIndex("messaging_message", "message_words"),
        RemoveTrigramIndex("messaging_message", "message_search_trgm", 'UPPER("text")'),
    ]
