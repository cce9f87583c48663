"""Addresses may name a company. Takes no time however many there are: the new column has one value."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0014_orders_of_what_belongs_to_customers"),
    ]

    operations = [
        migrations.AddField(
            model_name="address",
            name="company",
            field=models.CharField(blank=True, max_length=150),
        ),
    ]
