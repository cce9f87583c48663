"""Ids are unique among the identities that are not detached. Locks nobody out while the indexes are built."""

from django.db import migrations, models
from django.db.models import Q

from core.db.migrations import AddIndexWithoutLock, AddUniqueWithoutLock


def _unique(field: str) -> AddUniqueWithoutLock:
    return AddUniqueWithoutLock(
        model_name="identity",
        constraint=models.UniqueConstraint(
            fields=["business_number", field], condition=Q(detached_at=None), name=f"identity_live_{field}_once"
        ),
    )


def _index(field: str, condition: Q, name: str) -> AddIndexWithoutLock:
    index = models.Index(fields=["business_number", field], condition=condition, name=name)
    return AddIndexWithoutLock(model_name="identity", index=index)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("whatsapp", "0005_identities")]

    operations = [
        _unique("wa_id"),
        _unique("user_id"),
        # Only now, so that nobody gets a second identity meanwhile.
        migrations.RemoveConstraint("identity", "identity_wa_id_once"),
        migrations.RemoveConstraint("identity", "identity_user_id_once"),
        _index("parent_user_id", Q(parent_user_id__isnull=False), "identity_parent"),
        _index("previous_user_id", Q(previous_user_id__isnull=False), "identity_previous"),
        _index("wa_id", Q(detached_at__isnull=False), "identity_detached"),
    ]
