"""Builds webhook payloads as Meta does (docs/whatsapp.md, "Envelope and fields").

The sandbox, `whatsapp_say` and the demo data are built with it, and so are tests and benchmarks. It needs no database.
"""

import hashlib
import json
import time
from typing import Any

import phonenumbers

from whatsapp.sandbox.account import ACCOUNT_ID
from whatsapp.sandbox.wamids import new_wamid


def as_body(payload: dict[str, Any]) -> bytes:
    """A payload as the body of a POST."""
    return json.dumps(payload).encode()


def envelope(*changes: dict[str, Any], account_id: str = ACCOUNT_ID) -> dict[str, Any]:
    """A payload with these changes in one entry."""
    return {"object": "whatsapp_business_account", "entry": [{"id": account_id, "changes": list(changes)}]}


def change(phone_number_id: str, display: str = "", *, field: str = "messages", **value: Any) -> dict[str, Any]:
    """A change about one number; `value` holds messages, contacts, statuses or whatever belongs to the field."""
    metadata = {"display_phone_number": display or phone_number_id, "phone_number_id": phone_number_id}
    return {"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}


def message_item(wa_id: str, wamid: str, text: str = "", *, at: float | None = None, **content: Any) -> dict[str, Any]:
    """An item of `messages`: a text written now, or at a time, or `content` in its place."""
    return {
        "from": wa_id,
        "id": wamid,
        "timestamp": _seconds(at),
        **(content or {"type": "text", "text": {"body": text}}),
    }


def contact_item(wa_id: str, name: str, user_id: str | None = None) -> dict[str, Any]:
    """An item of `contacts`: who wrote a message."""
    ids = {"wa_id": wa_id} if user_id is None else {"wa_id": wa_id, "user_id": user_id}
    return {"profile": {"name": name}, **ids}


def status_item(wamid: str, status: str, *, at: float | None = None, **more: Any) -> dict[str, Any]:
    """An item of `statuses`. `more` holds the recipient's ids, `biz_opaque_callback_data`, errors, a price."""
    return {"id": wamid, "status": status, "timestamp": _seconds(at), **more}


def said(phone_number_id: str, phone: str, content: dict[str, Any], name: str = "") -> dict[str, Any]:
    """The payload of a new message from `phone` (in international form); whatsapp/sandbox/contents.py has contents."""
    wa_id, user_id = phone.removeprefix("+"), user_id_of(phone)
    sender = contact_item(wa_id, name or f"WhatsApp {wa_id[-4:]}", user_id)
    item = {"from": wa_id, "from_user_id": user_id, "id": new_wamid(wa_id), "timestamp": _seconds(None), **content}
    return envelope(change(phone_number_id, contacts=[sender], messages=[item]))


def _seconds(at: float | None) -> str:
    return str(int(time.time() if at is None else at))


def user_id_of(phone: str) -> str:
    """A business-scoped id like Meta's: a country, and digits that are always the same for one phone."""
    region = phonenumbers.region_code_for_number(phonenumbers.parse(phone)) or "US"
    digits = int(hashlib.sha256(phone.encode()).hexdigest(), 16) % 10**16
    return f"{region if len(region) == 2 and region.isalpha() else 'US'}.{digits:016d}"
