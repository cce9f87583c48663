"""Everything known about one person. What other apps keep comes through the port PERSONAL_DATA."""

import json
import tempfile
import zipfile
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from core.ports import port, ports
from customers.models import Customer
from customers.serializers.profiles import profile_data

_IN_MEMORY = 5 * 1024 * 1024
_WITHHELD = {"withheld": "Verify your phone number to take your chat along, or ask us for it."}


@dataclass(frozen=True)
class Collected:
    """What an app knows: its name for it, JSON values, and the stored names of files by their name for people.

    `of_chat`: it tells what was written by phone, by whoever holds that.
    """

    name: str
    data: Any
    files: dict[str, str] = field(default_factory=dict)
    of_chat: bool = False


class Keeper(Protocol):
    """What the setting PERSONAL_DATA lists. `erase` and `merge` get customers whom the transaction has locked."""

    def collect(self, customer: Customer) -> Collected:
        """What is kept about the customer."""
        ...

    def erase(self, customer: Customer) -> None:
        """Erase what deleting the customer's row would leave."""
        ...

    def merge(self, *, into: Customer, gone: Customer) -> None:
        """Hand over to `into` what hangs off `gone`, whose row is deleted after."""
        ...


def rows_of(rows: "models.QuerySet[Any]", *hidden: str) -> list[dict[str, Any]]:
    """The rows with all of their columns but the hidden ones."""
    columns = [column.attname for column in rows.model._meta.concrete_fields if column.attname not in hidden]
    return list(rows.order_by("pk").values(*columns))


def archive(customer: Customer, *, for_themselves: bool = False) -> IO[bytes]:
    """A ZIP, open at its beginning, with what is known as JSON and the files beside it.

    To customers `for_themselves` the chat is given only when all who wrote in it are proved to be them (port
    SENDERS_PROVED): anybody can claim a phone, and would be handed what its real owner writes.
    Not in a transaction: files are packed for long, and on SQLite nobody else could write meanwhile.
    """
    withheld = for_themselves and not port("SENDERS_PROVED")(customer)
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
