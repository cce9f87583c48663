"""Turns a message into the content of a request to Meta."""

import re
from copy import deepcopy
from typing import Any

from messaging.channels import Rejected
from messaging.models import Attachment, Message
from whatsapp.graph.recipients import Address
from whatsapp.limits import CAPTIONED_TYPES, MEDIA_TYPES

# Meta previews the first address in a text.
_LINK = re.compile(r"https?://\S", re.IGNORECASE)


def request_of(message: Message, file: Attachment | None, address: Address) -> dict[str, Any]:
    """What pywa is to send to an address. `file` is already uploaded. Raises Rejected."""
    kind, content = content_of(message, file)
    replied = message.reply_to if kind != "reaction" else None
    if replied is not None and replied.type == "call":
        replied = None  # its id is that of no message: Meta would refuse the answer for it
    return {
        "sender": message.business_number.external_id,
        **address,
        "recipient_type": "individual",
        "typ": kind,
        "msg": content,
        "reply_to_message_id": replied.wamid if replied is not None else None,
        "biz_opaque_callback_data": str(message.pk),
    }


def content_of(message: Message, file: Attachment | None) -> tuple[str, Any]:
    """Return the type, and the content that goes under its name. `file` is already uploaded. Raises Rejected."""
    kind, payload = message.type, message.payload
    if kind == "text":
        return kind, {"body": message.text, **({"preview_url": True} if _LINK.search(message.text) else {})}
    if kind in MEDIA_TYPES and file is not None:
        wanted = {"caption": message.text if kind in CAPTIONED_TYPES else "", **_extras(kind, file)}
        return kind, {"id": file.provider_id, **{key: value for key, value in wanted.items() if value}}
    if kind == "contacts":
        return kind, payload["contacts"]
    if kind == "reaction":
        replied = message.reply_to
        if replied is None or not replied.wamid:
            raise Rejected("no_message", "The message to react to no longer exists")
        return kind, {"message_id": replied.wamid, "emoji": payload["emoji"]}
    if kind == "template":
        return kind, _with_file(payload, file)
    if kind == "interactive":
        return kind, payload if file is None else {**payload, "header": _shown(payload["header"]["type"], file)}
    if kind == "location":
        return kind, payload
    raise Rejected("unsupported_type", "This kind of message cannot be sent", kind)


def _extras(kind: str, file: Attachment) -> dict[str, Any]:
    if kind == "document":
        return {"filename": file.file_name}
    return {"voice": kind == "audio" and file.mime_type == "audio/ogg"}


def _with_file(template: dict[str, Any], file: Attachment | None) -> dict[str, Any]:
    """The template with the uploaded file in its header."""
    if file is None:
        return template
    filled = deepcopy(template)
    for component in filled.get("components", []):
        for parameter in component.get("parameters", []):
            if component["type"] == "header" and parameter["type"] in MEDIA_TYPES:
                parameter.update(_shown(parameter["type"], file))
    return filled


def _shown(kind: str, file: Attachment) -> dict[str, Any]:
    """A header with the uploaded file."""
    name = {"filename": file.file_name} if kind == "document" else {}
    return {"type": kind, kind: {"id": file.provider_id, **name}}
