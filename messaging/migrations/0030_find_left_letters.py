"""Messages with letters like `ł` and `ø` are found without their strokes (core/folding.py). Nobody waits for it.

In batches, the newest first, each in a transaction of its own; what broke off is done again.
"""

import time
from typing import Any, ClassVar

from django.db import connection, migrations, transaction

from core.db.words import store_missing

_BATCH = 1_000
_PAUSE = 0.1
# Those letters in both cases, and what Unicode takes apart into one of them.
_LETTERS = "ÆÐØÞæðøþĐđĦħıŁłŊŋŒœŦŧƁƊƏƘƙǢǣǼǽǾǿɓɗəᴭᵊᵑᶞₔℏꟸꟹ𐞃𐞅𐞌𐞕𐞢𝚤"


def find_anew(apps: Any, schema_editor: Any) -> None:
    messages = apps.get_model("messaging", "Message").objects
    last = 2**63 - 1
    while ids := list(messages.filter(pk__lt=last).order_by("-pk").values_list("pk", flat=True)[:_BATCH]):
        last = ids[-1]
        with_letters = messages.filter(pk__in=ids, text__regex=f"[{_LETTERS}]", deleted_at=None)
        left = set(with_letters.values_list("pk", flat=True))
        while left:
            left -= (done := _find_those_free(messages.filter(pk__in=left)))
            if not done:
                time.sleep(_PAUSE)


@transaction.atomic
def _find_those_free(rows: Any) -> set[int]:
    """Waits for nobody who is changing some of them at this moment, and may wait for others of them."""
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(no_key=True, skip_locked=True)
    free = set(rows.values_list("pk", flat=True))
    rows.model._base_manager.filter(pk__in=free).update(words=None)
    store_missing(rows.model._base_manager.filter(pk__in=free).only("text"), lambda message: message.text)
    return free


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0029_fold_file_names")]
    operations: ClassVar[list[object]] = [migrations.RunPython(find_anew, migrations.RunPython.noop)]
