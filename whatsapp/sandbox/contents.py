"""What customers write, as the items of Meta's `messages` contain it (docs/whatsapp.md, "Messages that come in").

`whatsapp_say` and the phone of the sandbox build it with these. Each returns the type and what stands under its name.
"""

import hashlib
import json
import time
from typing import IO, Any

from whatsapp.graph.media import CHUNK_BYTES
from whatsapp.limits import CAPTIONED_TYPES
from whatsapp.sandbox.media import SandboxStore

Content = dict[str, Any]

_MAY_CALL_SECONDS = 7 * 24 * 3600
_PRICE, _CURRENCY = 90, "EUR"


def text(body: str) -> Content:
    return {"type": "text", "text": {"body": body}}


def media(
    kind: str, file: IO[bytes], *, mime_type: str, name: str = "", caption: str = "", voice: bool = False
) -> Content:
    """A file, which is stored where the sandbox finds it. `name` is shown for documents alone."""
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    file.seek(0)
    about: Content = {"id": SandboxStore().keep(file), "mime_type": mime_type, "sha256": digest.hexdigest()}
    if caption and kind in CAPTIONED_TYPES:
        about["caption"] = caption
    if kind == "document" and name:
        about["filename"] = name
    if kind == "audio":
        about["voice"] = voice
    return {"type": kind, kind: about}


def location(place: Content) -> Content:
    return {"type": "location", "location": place}


def contacts(cards: list[Content]) -> Content:
    return {"type": "contacts", "contacts": cards}


def own_number(phone: str) -> Content:
    """The answer to `request_contact_info`: it proves the number (docs/whatsapp.md, "Asking for the number")."""
    return contacts([{"origin": "contact_request", "phones": [{"phone": phone, "wa_id": phone.removeprefix("+")}]}])


def reaction(message_id: str, emoji: str) -> Content:
    """An empty emoji takes it back."""
    return {"type": "reaction", "reaction": {"message_id": message_id, "emoji": emoji}}


def button(label: str, payload: str) -> Content:
    """A tap on a quick reply of a template."""
    return {"type": "button", "button": {"text": label, "payload": payload}}


def interactive(kind: str, chosen: Content) -> Content:
    """A tap on a button (`button_reply`), or on a row of a list (`list_reply`)."""
    return {"type": "interactive", "interactive": {"type": kind, kind: chosen}}


def form_reply(name: str, answers: Content) -> Content:
    """A flow that was filled in (`name` flow), or an address (`address_message`)."""
    reply = {"name": name, "body": "Sent", "response_json": json.dumps(answers)}
    return {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": reply}}


def call_permission(response: str) -> Content:
    """The answer to a request to call: `accept`, for seven days, or `reject`."""
    reply: Content = {"response": response, "response_source": "user_action"}
    if response == "accept":
        reply |= {"is_permanent": False, "expiration_timestamp": int(time.time()) + _MAY_CALL_SECONDS}
    return {"type": "interactive", "interactive": {"type": "call_permission_reply", "call_permission_reply": reply}}


def order(catalog_id: str, product_ids: list[str]) -> Content:
    """One of each of these products. The sandbox has a catalog in which everything costs the same."""
    items = [
        {"product_retailer_id": product, "quantity": 1, "item_price": _PRICE, "currency": _CURRENCY}
        for product in product_ids
    ]
    return {"type": "order", "order": {"catalog_id": catalog_id, "text": "", "product_items": items}}


def edit(message_id: str, kind: str, words: str) -> Content:
    """New words for a message of the type `kind`: a text, or a caption."""
    said = {"body" if kind == "text" else "caption": words}
    return {"type": "edit", "edit": {"original_message_id": message_id, "message": {"type": kind, kind: said}}}


def revoke(message_id: str) -> Content:
    return {"type": "revoke", "revoke": {"original_message_id": message_id}}
