"""What customers write, as the items of Meta's `messages` contain it (docs/whatsapp.md, "Messages that come in").

`whatsapp_say` and the phone of the sandbox build it with these. Each returns the type and what stands under its name.
"""

import hashlib
from typing import IO, Any

from whatsapp.graph.media import CHUNK_BYTES
from whatsapp.limits import CAPTIONED_TYPES
from whatsapp.sandbox.media import SandboxStore

Content = dict[str, Any]


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


def edit(message_id: str, kind: str, words: str) -> Content:
    """New words for a message of the type `kind`: a text, or a caption."""
    said = {"body" if kind == "text" else "caption": words}
    return {"type": "edit", "edit": {"original_message_id": message_id, "message": {"type": kind, kind: said}}}


def revoke(message_id: str) -> Content:
    return {"type": "revoke", "revoke": {"original_message_id": message_id}}
