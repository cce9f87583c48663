"""Builds webhook bodies as Meta does, for the sandbox, whatsapp_say and demo data, and for tests and benchmarks."""

import base64
import hashlib
import json
import secrets
import time
from typing import Any

import phonenumbers

from whatsapp.business_numbers import own_phone_number_id


def new_wamid() -> str:
    """A message id as Meta writes them."""
    return "wamid." + base64.b64encode(secrets.token_bytes(36)).decode()


def envelope(phone_number_id: str, display: str, **value: Any) -> bytes:
    """The body of a webhook about one number; `value` holds messages, contacts or statuses."""
    metadata = {"display_phone_number": display or phone_number_id, "phone_number_id": phone_number_id}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    payload = {"object": "whatsapp_business_account", "entry": [{"id": "100000000000000", "changes": [change]}]}
    return json.dumps(payload).encode()


def said(phone: str, text: str, name: str = "", **content: Any) -> bytes:
    """The webhook body of a message from `phone` (in international form): a text, or `content` in its place."""
    wa_id = phone.removeprefix("+")
    user_id = _user_id(phone)
    return envelope(
        own_phone_number_id(),
        "",
        contacts=[{"profile": {"name": name or f"WhatsApp {wa_id[-4:]}"}, "wa_id": wa_id, "user_id": user_id}],
        messages=[
            {
                "from": wa_id,
                "from_user_id": user_id,
                "id": new_wamid(),
                "timestamp": str(int(time.time())),
                **(content or {"type": "text", "text": {"body": text}}),
            }
        ],
    )


def _user_id(phone: str) -> str:
    """A business-scoped id as Meta gives them: the country and a number that stays the person's."""
    region = phonenumbers.region_code_for_number(phonenumbers.parse(phone)) or "US"
    digits = int(hashlib.sha256(phone.encode()).hexdigest(), 16) % 10**16
    return f"{region if len(region) == 2 and region.isalpha() else 'US'}.{digits:016d}"
