"""Amounts with as many digits as currencies need, exchange rates, and what orders are worth in the base currency.

On PostgreSQL no table is written anew: the columns only lose their limits. What is new has defaults in the database, so
that the version before goes on writing rows meanwhile.
"""

from decimal import Decimal
from typing import Any

import django.core.validators
from django.db import migrations, models

from core.db.amounts import AmountField
from customers.money import base_currency

_TIERS = [("bronze", "Bronze"), ("silver", "Silver"), ("gold", "Gold"), ("platinum", "Platinum")]


def pad(apps: Any, schema_editor: Any) -> None:
    """On SQLite amounts are text from now on, with zeros before them."""
    if schema_editor.connection.vendor == "sqlite":
        for table, column in (("customers_customer", "total_spent"), ("customers_order", "total")):
            schema_editor.execute(f"UPDATE {table} SET {column} = printf('%023.4f', {column})")


def amount(**options: Any) -> AmountField:
    return AmountField(max_digits=22, decimal_places=4, **options)


def rate(**options: Any) -> AmountField:
    return AmountField(max_digits=30, decimal_places=18, **options)


class Migration(migrations.Migration):
    dependencies = [("customers", "0016_count_by_source")]

    operations = [
        migrations.AlterField("customer", "total_spent", amount(default=Decimal(0))),
        migrations.AlterField("order", "total", amount(validators=[django.core.validators.MinValueValidator(0)])),
        migrations.RunPython(pad, migrations.RunPython.noop),
        migrations.AddField("customer", "carried_orders", models.PositiveIntegerField(db_default=0, default=0)),
        migrations.AddField("customer", "carried_spent", amount(db_default=Decimal(0), default=Decimal(0))),
        migrations.AddField(
            "customer",
            "given_tier",
            models.CharField(blank=True, choices=_TIERS, db_default="", default="", max_length=10),
        ),
        migrations.AddField("order", "exchange_rate", rate(blank=True, null=True)),
        migrations.AddField("order", "base_total", amount(db_default=Decimal(0), default=Decimal(0), editable=False)),
        migrations.AlterField("order", "currency", models.CharField(default=base_currency, max_length=3)),
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(help_text="ISO 4217, like LKR", max_length=3)),
                ("rate", rate(help_text="what one unit of it is worth in the base currency, like 0.0033")),
                ("date", models.DateField(help_text="the first day on which it holds")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("currency", "date"), name="exchange_rate_once")]},
        ),
    ]
