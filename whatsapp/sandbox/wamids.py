"""Message ids like Meta's: they hold the customer's phone, by which the sandbox knows whose chat a message is in."""

import base64
import binascii
import re
import secrets

_PREFIX, _START = "wamid.", b"\x1c\x18"
_WA_ID = re.compile(rb"\d{5,20}")


def new_wamid(wa_id: str = "") -> str:
    """A new id of a message from or to somebody; without their phone it says nothing of them."""
    key = b"\x18\x20" + secrets.token_hex(16).upper().encode()
    raw = _START + bytes([len(wa_id)]) + wa_id.encode() + b"\x15\x02\x00\x11" + key + b"\x00"
    return _PREFIX + base64.b64encode(raw).decode()


def wa_id_in(wamid: str) -> str:
    """The phone that an id holds, in digits; empty if there is none, as in ids from elsewhere."""
    try:
        raw = base64.b64decode(wamid.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return ""
    if not raw.startswith(_START) or len(raw) < 3:
        return ""
    phone = raw[3 : 3 + raw[2]]
    return phone.decode() if _WA_ID.fullmatch(phone) else ""
