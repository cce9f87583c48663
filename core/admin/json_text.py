"""Text of programs in Django admin: JSON, indented, as somebody reads it."""

import json
from typing import Any

from django.utils.html import format_html

SHOWN_CHARACTERS = 100_000


def shown_json(value: Any) -> str:
    """A JSON value, indented, in a box that scrolls. Texts are shown in their own script."""
    return shown_text(json.dumps(value, indent=2, ensure_ascii=False))


def shown_text(text: str) -> str:
    """A text as it is, in a box that scrolls. What is too long for a page ends with a line that says so.

    Half a pair of surrogates, which JSON may contain but no page, is shown as its escape.
    """
    text = text.encode("utf-8", "backslashreplace").decode()
    more = len(text) - SHOWN_CHARACTERS
    if more > 0:
        text = f"{text[:SHOWN_CHARACTERS]}\n... and {more:,} more characters"
    return format_html('<pre class="patter-text">{}</pre>', text)
