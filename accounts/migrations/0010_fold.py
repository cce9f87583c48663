"""What is searched of existing logins and teams, and names that are unique on every database alike.

A login whose name differs from an older one's only in case keeps it without a key (core/folding.py): the database may
have known case for ASCII letters alone.
"""

from typing import ClassVar

from django.db import migrations, models

from core.db.migrations import AddIndexWithoutLock, AddUniqueWithoutLock, fold_rows_of

LACKS_KEY = models.Q(folded=None) | models.Q(username_key=None) | models.Q(email_key=None)


def once(model: str, name: str) -> models.UniqueConstraint:
    condition = models.Q(**{f"{name}_key__isnull": False})
    return models.UniqueConstraint(fields=[f"{name}_key"], condition=condition, name=f"{model}_{name}_once")


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("accounts", "0009_folded")]
    operations: ClassVar[list[object]] = [
        fold_rows_of("accounts", "User", "Team"),
        AddUniqueWithoutLock("user", once("user", "username")),
        AddUniqueWithoutLock("user", once("user", "email")),
        AddUniqueWithoutLock("team", once("team", "name")),
        AddIndexWithoutLock("user", models.Index(fields=["id"], condition=LACKS_KEY, name="user_lacks_key")),
        migrations.RemoveConstraint("user", "user_username_any_case"),
        migrations.RemoveConstraint("user", "user_email_any_case"),
        migrations.RemoveConstraint("team", "team_name_any_case"),
    ]
