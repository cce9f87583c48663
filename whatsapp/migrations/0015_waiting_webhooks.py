from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Names one more state. The column stays as it is."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("whatsapp", "0014_number_profiles")]

    operations: ClassVar[list[Any]] = [
        migrations.AlterField(
            model_name="webhookevent",
            name="state",
            field=models.CharField(
                choices=[("pending", "Pending"), ("waiting", "Waiting"), ("done", "Done"), ("failed", "Failed")],
                default="pending",
                max_length=8,
            ),
        ),
    ]
