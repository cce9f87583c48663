from django.db import migrations, models

import messaging.models.numbers


class Migration(migrations.Migration):
    """A number is the home channel's unless somebody says otherwise. The database is not touched."""

    dependencies = [("messaging", "0006_answers")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "businessnumber",
                    "transport",
                    models.CharField(default=messaging.models.numbers.home_channel_name, max_length=20),
                )
            ]
        )
    ]
