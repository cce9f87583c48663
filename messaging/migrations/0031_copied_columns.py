"""Columns of a chat for its customer's owner, and for the customer into whom they were merged."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[object]] = [
        ("messaging", "0030_find_left_letters"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar[list[object]] = [
        migrations.AddField("conversation", "merged_into", models.BigIntegerField(editable=False, null=True)),
        migrations.AddField(
            "conversation",
            "owner",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
