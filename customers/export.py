"""Everything known about one person, as a ZIP: their row, and what hangs off it (customers/related.py)."""

import json
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Collection
from pathlib import PurePath
from typing import IO, Any

from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder

from core.ports import mapped_ports
from customers.models import Customer
from customers.related import Collected, Given, keepers
from customers.serializers.profiles import profile_data

_IN_MEMORY = 5 * 1024 * 1024
_WITHHELD = {"withheld": "Verify your phone number to include your chat, or ask us for it."}


def archive(customer: Customer, *, for_themselves: bool = False) -> IO[bytes]:
    """A ZIP with everything known as JSON and the files beside it, rewound to its start.

    Customers who take it `for_themselves` only get the parts whose `given` allows it.
    Do not call it in a transaction: packing files takes time, and on SQLite nobody else could write meanwhile.
    """
    given = _given(customer) if for_themselves else frozenset(Given)
    files = defaultdict(list)
    for part in [*_own(customer), *(part for keeper in keepers() for part in keeper.collect(customer))]:
        files[part.file].append(part)
    # The response that sends it closes it.
    out = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archived:
        for file, parts in files.items():
            text = json.dumps(_document(parts, given), cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)
            archived.writestr(f"{file}.json", text, compress_type=zipfile.ZIP_DEFLATED)
            for part in parts:
                for shown, stored in part.files.items() if part.given in given else ():
                    _add(archived, f"{file}/{shown}", stored)
    out.seek(0)
    return out


def _given(customer: Customer) -> frozenset[Given]:
    """The parts that customers get themselves.

    The chat is one of them only when every sender in it is proved to be them, on every channel (setting CHANNELS).
    Otherwise anybody could claim a phone and be handed what its real owner writes.
    """
    proved = all(channel.senders_proved(customer) for channel in mapped_ports("CHANNELS").values())
    return frozenset({Given.ALWAYS, Given.ONCE_PROVED} if proved else {Given.ALWAYS})


def _document(parts: list[Collected], given: Collection[Given]) -> Any:
    """The content of one JSON file."""
    if not any(part.given in given for part in parts):
        return _WITHHELD
    shown = {part.key: part.data if part.given in given else _WITHHELD for part in parts}
    # A part without a key is the whole file.
    return shown.get("", shown)


def _add(archived: zipfile.ZipFile, name: str, stored: str) -> None:
    try:
        with default_storage.open(stored, "rb") as file, archived.open(name, "w", force_zip64=True) as target:
            for chunk in file.chunks():
                target.write(chunk)
    except FileNotFoundError:
        archived.writestr(f"{name}.missing.txt", "This file no longer exists.")


def _own(customer: Customer) -> list[Collected]:
    """The customer's row with their picture, and their login."""
    profile = profile_data(customer, {}, links=None, for_staff=True)
    del profile["benefits"], profile["avatar"]
    profile |= {"referral_first": customer.referral_first, "referral_last": customer.referral_last}
    avatar = customer.avatar.name
    files = {f"avatar{PurePath(avatar).suffix}": avatar} if avatar else {}
    parts = [Collected("customer", profile, "profile", files, Given.ALWAYS)]
    if (login := customer.user) is not None:
        data = {"username": login.username, "email": login.email, "last_login": login.last_login}
        parts.append(Collected("customer", data, "login", given=Given.ALWAYS))
    return parts
