"""What comments say of docs/whatsapp.md is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = sorted(path.parent for path in ROOT.glob("*/apps.py"))


def test_the_headings_that_are_named_exist() -> None:
    headings = set(re.findall(r"^## (.+)$", (ROOT / "docs" / "whatsapp.md").read_text(), re.MULTILINE))
    named = {
        heading
        for app in APPS
        for path in app.rglob("*.py")
        for heading in re.findall(r'docs/whatsapp\.md, "([^"]+)"', path.read_text())
    }
    assert named
    assert named <= headings
