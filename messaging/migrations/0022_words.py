"""The words of messages, by which the search finds them, and what keeps them (core/db/words.py). Quick on any table."""

from typing import ClassVar

from django.db import migrations

from core.db.word_migrations import KeepWords
from core.db.words import WordsField


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("messaging", "0021_working_hours")]
    operations: ClassVar[list[object]] = [
        migrations.AddField("message", "words", WordsField()),
        KeepWords("messaging_message"),
    ]
