"""What is searched, folded, beside what is shown.

The column that was searched so far stays in the table for the version before, which reads it.
"""

from typing import ClassVar

from django.db import migrations

from core.folding import FoldedField, KeyField

ADDRESS = (
    *("first_name", "last_name", "company", "phone"),
    *("address_line1", "address_line2", "city", "state", "postal_code", "country"),
)


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("customers", "0019_advertisements")]
    operations: ClassVar[list[object]] = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("customer", "search_text")]),
        migrations.AddField(
            "customer",
            "folded",
            FoldedField("first_name", "last_name", "username", "email", "phone", editable=False, null=True),
        ),
        migrations.AddField("customergroup", "folded", FoldedField("name", editable=False, null=True)),
        migrations.AddField("customergroup", "name_key", KeyField("name", editable=False, null=True)),
        migrations.AddField("address", "folded", FoldedField(*ADDRESS, editable=False, null=True)),
        migrations.AddField("address", "city_folded", FoldedField("city", editable=False, null=True)),
        migrations.AddField("address", "state_folded", FoldedField("state", editable=False, null=True)),
        migrations.AddField("address", "country_folded", FoldedField("country", editable=False, null=True)),
        migrations.AddField("assignment", "folded", FoldedField("note", editable=False, null=True)),
        migrations.AddField("loyaltyentry", "folded", FoldedField("reason", editable=False, null=True)),
        migrations.AddField("wishlistitem", "folded", FoldedField("product_id", "name", editable=False, null=True)),
        migrations.AddField("review", "folded", FoldedField("product_id", "text", editable=False, null=True)),
    ]
