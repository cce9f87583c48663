"""Everything known about one person, as a ZIP. What other apps keep comes through the setting PERSONAL_DATA."""

import json
import tempfile
import zipfile
from typing import IO

from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder

from core.ports import mapped_ports, ports
from customers.models import Customer
from customers.related import Collected, rows_of
from customers.serializers.profiles import profile_data

_IN_MEMORY = 5 * 1024 * 1024
_WITHHELD = {"withheld": "Verify your phone number to take your chat along, or ask us for it."}


def archive(customer: Customer, *, for_themselves: bool = False) -> IO[bytes]:
    """A ZIP, open at its beginning, with what is known as JSON and the files beside it.

    To customers `for_themselves` the chat is given only when all who wrote in it are proved to be them (setting
    CHANNELS): anybody can claim a phone, and would be handed what its real owner writes.
    Not in a transaction: files are packed for long, and on SQLite nobody else could write meanwhile.
    """
    withheld = for_themselves and not _senders_proved(customer)
    collected = [_own(customer), _events(customer), *(keeper.collect(customer) for keeper in ports("PERSONAL_DATA"))]
    # Closed by whoever sends it.
    out = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archived:
        for part in collected:
            shown_part = Collected(part.name, _WITHHELD) if withheld and part.of_chat else part
            text = json.dumps(shown_part.data, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)
            archived.writestr(f"{part.name}.json", text, compress_type=zipfile.ZIP_DEFLATED)
            for shown, stored in shown_part.files.items():
                _add(archived, f"{part.name}/{shown}", stored)
    out.seek(0)
    return out


def _senders_proved(customer: Customer) -> bool:
    """Whether everybody who wrote as the customer, on any channel, is proved to be them (setting CHANNELS)."""
    return all(channel.senders_proved(customer) for channel in mapped_ports("CHANNELS").values())


def _add(archived: zipfile.ZipFile, name: str, stored: str) -> None:
    try:
        with default_storage.open(stored, "rb") as file, archived.open(name, "w", force_zip64=True) as target:
            for chunk in file.chunks():
                target.write(chunk)
    except FileNotFoundError:
        archived.writestr(f"{name}.missing.txt", "This file is no longer there.")


def _events(customer: Customer) -> Collected:
    return Collected("events", rows_of(customer.events.all()), of_chat=True)


def _own(customer: Customer) -> Collected:
    profile = profile_data(customer, {}, links=None, for_staff=True)
    del profile["benefits"], profile["avatar"]
    data = {
        "profile": {**profile, "referral_first": customer.referral_first, "referral_last": customer.referral_last},
        "addresses": rows_of(customer.addresses.all()),
        "orders": rows_of(customer.orders.all()),
        "wishlist": rows_of(customer.wishlist.all()),
        "reviews": rows_of(customer.reviews.all()),
        "loyalty": rows_of(customer.loyalty_entries.all()),
        "groups": list(customer.group_memberships.order_by("pk").values("group__name", "added_at")),
        "assignments": rows_of(customer.assignments.all()),
    }
    if customer.user is not None:
        login = customer.user
        data["login"] = {"username": login.username, "email": login.email, "last_login": login.last_login}
    files = (
        {"avatar" + customer.avatar.name[customer.avatar.name.rfind(".") :]: customer.avatar.name}
        if (customer.avatar.name)
        else {}
    )
    return Collected("customer", data, files)
