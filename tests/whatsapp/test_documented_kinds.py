"""The examples in docs/api.md are accepted by Patter, and by Meta."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.graph_double import GraphDouble
from tests.whatsapp.sending import Send, existing
from whatsapp.models import Template
from whatsapp.sandbox.demo_templates import TEMPLATES

pytestmark = pytest.mark.django_db

_GUIDE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
_BLOCK = re.search(r"### Every kind of message\n.*?```jsonl\n(.*?)```", _GUIDE, re.DOTALL)
EXAMPLES = [json.loads(line) for line in _BLOCK[1].splitlines()] if _BLOCK else []


@pytest.mark.parametrize("body", EXAMPLES, ids=lambda body: body.get("payload", body).get("type", "text"))
def test_it_is_sent(send: Send, graph: GraphDouble, settings: Any, body: dict[str, Any]) -> None:
    settings.WHATSAPP_BUSINESS_ACCOUNT_ID = "10"
    graph.known, graph.templates["10"] = existing(), TEMPLATES
    one = next(row for row in TEMPLATES if row["name"] == "order_update")
    fields = {name: one[name] for name in ("name", "language", "category", "parameter_format", "components")}
    Template.objects.create(waba_id="10", status="APPROVED", **fields)
    message = send(**body)
    assert (message.status, message.error, graph.refused) == ("sent", None, [])
    assert message.text
