"""Indexes for the search: phones that are not trusted, and those that customers claim. Nobody waits for them."""

from typing import ClassVar

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from core.db.migrations import AddIndexWithoutLock


def create(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        drop(apps, schema_editor)  # one that broke off half-way
        schema_editor.execute(
            "CREATE INDEX CONCURRENTLY customer_claims_trgm ON customers_customer "
            "USING gin (pending_phone gin_trgm_ops) WHERE pending_phone <> ''"
        )


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX CONCURRENTLY IF EXISTS customer_claims_trgm")


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar[list[tuple[str, str]]] = [("customers", "0009_merge")]
    operations: ClassVar[list[object]] = [
        AddIndexWithoutLock(
            "customer",
            models.Index(fields=["phone"], condition=models.Q(phone_trusted=False), name="customer_phone_not_trusted"),
        ),
        migrations.RunPython(create, drop),
    ]
