"""Templates are fetched by the relay: one row for each account."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("whatsapp", "0008_unproved_phones"),
    ]

    operations = [
        migrations.CreateModel(
            name="TemplateSync",
            fields=[
                ("attempts", models.PositiveIntegerField(default=0)),
                ("not_before", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("claim_token", models.UUIDField(blank=True, null=True)),
                (
                    "waba_id",
                    models.CharField(
                        max_length=64, primary_key=True, serialize=False, verbose_name="WhatsApp Business Account id"
                    ),
                ),
                ("due", models.BooleanField(default=True)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("fetched", models.PositiveIntegerField(blank=True, null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "abstract": False,
            },
        ),
    ]
