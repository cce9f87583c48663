"""The double of Meta refuses what Meta refuses, of every message that a test sends."""

from typing import Any

import pytest

from tests.graph_rules import Known, refusal

BODY = {"type": "body", "parameters": [{"type": "text", "text": "Ann"}]}
HI = {"name": "hi", "language": {"code": "en"}}
CODE = {"name": "code", "language": {"code": "en"}, "components": [BODY]}
ASKED = {"type": "button", "body": {"text": "Which?"}}
REPLY = {"type": "reply", "reply": {"id": "1", "title": "Oak"}}


def refused(kind: str, content: Any) -> int | None:
    found = refusal({"messaging_product": "whatsapp", "to": "94771234567", "type": kind, kind: content}, Known())
    return found and found[0]


def test_what_is_right_is_taken() -> None:
    assert refused("template", HI) is None
    assert refused("image", {"link": "https://shop.example/oak.jpg"}) is None
    assert refused("interactive", {**ASKED, "action": {"buttons": [REPLY]}}) is None


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("template", {}, 132001),
        ("template", {**HI, "name": "bye"}, 132001),
        ("template", {**HI, "language": {"code": "de"}}, 132001),
        ("template", {**HI, "components": [BODY]}, 132000),
        ("template", CODE, 131008),
        ("image", {"id": "never uploaded"}, 131009),
        ("image", {"id": "1", "link": "https://shop.example/oak.jpg"}, 131008),
        ("audio", {"link": "https://shop.example/oak.mp3", "caption": "Oak"}, 100),
        ("interactive", {**ASKED, "action": {"buttons": [REPLY] * 4}}, 131009),
        ("interactive", {**ASKED, "header": {"type": "image", "image": {"id": "9"}}, "action": {}}, 131009),
        ("interactive", {**ASKED, "type": "flow", "action": {"name": "flow", "parameters": {}}}, 131009),
        ("no such kind", {}, 100),
    ],
)
def test_what_is_wrong_is_refused(kind: str, content: Any, code: int) -> None:
    assert refused(kind, content) == code
