"""Everything known about one person, as a ZIP: their row, and what belongs to it (customers/keepers.py).

Customers who export themselves get what they entered and did; what staff keep about them is for admins.
"""

import json
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Collection
from pathlib import PurePath
from typing import IO, Any

from django.core.serializers.json import DjangoJSONEncoder

from core.files.storage import stored_files
from core.ports import mapped_ports
from customers.keepers import Collected, Given, keepers
from customers.models import Customer, Merge, Order, merged_ids
from customers.serializers.marketing import marketing_of
from customers.serializers.profiles import profile_data

_IN_MEMORY = 5 * 1024 * 1024
_WITHHELD = {
    Given.NEVER: {"withheld": "This part is for our staff."},
    Given.ONCE_PROVED: {"withheld": "Verify your phone number to include your chat, or ask us for it."},
}


def archive(customer: Customer, *, for_themselves: bool = False) -> IO[bytes]:
    """A ZIP with everything known as JSON and the files beside it, rewound to its start.

    Customers who take it `for_themselves` only get the parts whose `given` allows it. Without it, the rows that were
    merged into the customer are in it too, each in a folder below `merged/`.
    Do not call it in a transaction: packing files takes time, and on SQLite nobody else could write meanwhile.
    """
    # The response that sends it closes it.
    out = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archived:
        if for_themselves:
            _add_row(archived, "", _collected(customer, for_themselves=True), _given(customer))
        else:
            for row in _rows_of(customer):
                folder = "" if row.pk == customer.pk else f"merged/{row.customer_id}/"
                _add_row(archived, folder, _collected(row, for_themselves=False), frozenset(Given))
    out.seek(0)
    return out


def _rows_of(customer: Customer) -> list[Customer]:
    """The customer, and the rows that were merged into them, or into one of those."""
    rows = [customer]
    for row in rows:  # grows while it is read
        rows += Customer.all_rows.filter(merged_into=row).select_related("user", "owner").order_by("pk")
    return rows


def _collected(customer: Customer, *, for_themselves: bool) -> list[Collected]:
    """All parts of an export."""
    hanging = [part for keeper in keepers() for part in keeper.collect(customer, for_themselves=for_themselves)]
    return [*_own(customer, for_themselves=for_themselves), *hanging]


def _given(customer: Customer) -> frozenset[Given]:
    """The parts that customers get themselves.

    The chat is one of them only when every sender in it is proved to be them, on every channel (setting CHANNELS).
    Otherwise anybody could claim a phone and be handed what its real owner writes. After a merge was undone, the
    other one's words may be among theirs.
    """
    proved = all(channel.senders_proved(customer) for channel in mapped_ports("CHANNELS").values())
    proved = proved and not Merge.objects.undone_into([customer.pk, *merged_ids(customer.pk)]).exists()
    return frozenset({Given.ALWAYS, Given.ONCE_PROVED} if proved else {Given.ALWAYS})


def _add_row(archived: zipfile.ZipFile, folder: str, parts: list[Collected], given: Collection[Given]) -> None:
    files = defaultdict(list)
    for part in parts:
        files[part.file].append(part)
    for file, of_file in files.items():
        text = json.dumps(_document(of_file, given), cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)
        archived.writestr(f"{folder}{file}.json", text, compress_type=zipfile.ZIP_DEFLATED)
        for part in of_file:
            for shown, stored in part.files.items() if part.given in given else ():
                _add(archived, f"{folder}{file}/{shown}", stored)


def _document(parts: list[Collected], given: Collection[Given]) -> Any:
    """The content of one JSON file. A part without a key is the whole file."""
    if not any(part.given in given for part in parts):
        return _WITHHELD[parts[0].given]
    shown = {part.key: part.data if part.given in given else _WITHHELD[part.given] for part in parts}
    return shown.get("", shown)


def _add(archived: zipfile.ZipFile, name: str, stored: str) -> None:
    try:
        with stored_files().open(stored, "rb") as file, archived.open(name, "w", force_zip64=True) as target:
            for chunk in file.chunks():
                target.write(chunk)
    except FileNotFoundError:
        archived.writestr(f"{name}.missing.txt", "This file no longer exists.")


def _own(customer: Customer, *, for_themselves: bool) -> list[Collected]:
    """The customer's row with their picture, and their login."""
    totals = Order.objects.by_currency([customer.pk]).get(customer.pk, {})
    marketing = marketing_of([customer.pk])[customer.pk]
    profile: dict[str, Any] = {
        **profile_data(customer, [], links=None, for_staff=not for_themselves, totals=totals, marketing=marketing)
    }
    del profile["benefits"], profile["customer_groups"], profile["avatar"]
    if not for_themselves:
        known = ("phone_trusted", "phone_vouched_at", "pending_phone")
        profile |= {field: getattr(customer, field) for field in known}
    avatar = customer.avatar.name
    files = {f"avatar{PurePath(avatar).suffix}": avatar} if avatar else {}
    parts = [Collected("customer", profile, "profile", files, Given.ALWAYS)]
    if (login := customer.user) is not None:
        data = {"username": login.username, "email": login.email, "last_login": login.last_login}
        parts.append(Collected("customer", data, "login", given=Given.ALWAYS))
    return parts
