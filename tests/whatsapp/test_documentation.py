"""What comments say of docs/whatsapp.md is there, and limits are those of the columns."""

import re
from pathlib import Path

from messaging.models import Attachment, Message
from whatsapp.limits import MAX_ID

ROOT = Path(__file__).resolve().parents[2]
APPS = sorted(path.parent for path in ROOT.glob("*/apps.py"))


def test_the_headings_that_are_named_exist() -> None:
    headings = set(re.findall(r"^##+ (.+)$", (ROOT / "docs" / "whatsapp.md").read_text(), re.MULTILINE))
    named = {
        heading
        for app in APPS
        for path in app.rglob("*.py")
        for heading in re.findall(r'docs/whatsapp\.md, "([^"]+)"', path.read_text())
    }
    assert named
    assert named <= headings


def test_ids_are_as_long_as_the_columns_that_keep_them() -> None:
    columns = (Message._meta.get_field("wamid"), Attachment._meta.get_field("provider_id"))
    assert {column.max_length for column in columns} == {MAX_ID}
