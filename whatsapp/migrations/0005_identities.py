"""What is learned about identities beside their ids. Adds columns only, which is quick on a big table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("whatsapp", "0003_templates_and_access")]

    operations = [
        migrations.AddField("identity", "parent_user_id", models.CharField(blank=True, max_length=150, null=True)),
        migrations.AddField("identity", "previous_user_id", models.CharField(blank=True, max_length=150, null=True)),
        migrations.AddField("identity", "seen_with", models.CharField(blank=True, max_length=64, null=True)),
        migrations.AddField("identity", "username", models.CharField(blank=True, default="", max_length=150), False),
        migrations.AddField("identity", "last_inbound_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("identity", "shared_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("identity", "detached_at", models.DateTimeField(blank=True, null=True)),
    ]
