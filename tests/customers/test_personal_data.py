"""Exporting and erasing everything known about a person."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from contacts.models import Contact
from customer_data.models import CustomerData
from customers.actions.addresses import create_address
from customers.actions.assignments import assign
from customers.actions.customers import update_customer
from customers.actions.locking import lock
from customers.actions.loyalty import add_points
from customers.actions.purchases import record_order, wish, write_review
from customers.export import archive
from customers.models import Customer, CustomerGroup, GroupMember
from messaging.actions.receiving import receive_message
from messaging.channels import Inbound
from messaging.models import Attachment, BusinessNumber, Message
from tags.models import CustomerTag, Tag
from tests.cast import PASSWORD
from tests.customers.doubles import WATCHING_KEEPERS
from whatsapp.models import Identity, WebhookEvent

API = "/api/customers/customers"
# In everything that is known about the person, and nowhere else.
MARK = "Xylophonia"
# In everything that staff noted, and in the names of staff.
NOTED = "Quillonia"


@pytest.fixture
def known(customer: Customer, admin: User, settings: Any, tmp_path: Path) -> Customer:
    """`customer`, registered, with the mark in everything that can be kept about one."""
    settings.MEDIA_ROOT = str(tmp_path)
    login = User.objects.create_user("xylophonia", "xylophonia@example.com", PASSWORD, role="customer", last_name=MARK)
    Customer.objects.filter(pk=customer.pk).update(user=login)
    update_customer(customer_id=customer.pk, actor=admin, changes={"notes": MARK, "last_name": MARK})
    create_address(
        customer_id=customer.pk, actor=admin, address_type="billing", address_line1=MARK, city="Kandy", country="LK"
    )
    order = {"status": "delivered", "total": 9, "placed_at": timezone.now(), "lines": [{"engraving": MARK}]}
    record_order(customer_id=customer.pk, actor=admin, number="A-1", **order)
    wish(customer_id=customer.pk, actor=admin, product_id="p", name=MARK)
    write_review(customer_id=customer.pk, actor=admin, product_id="p", rating=5, text=MARK)
    add_points(customer_id=customer.pk, actor=admin, points=5, reason=MARK)
    group = CustomerGroup.objects.create(name="Everybody")
    GroupMember.objects.create(group=group, customer=customer)
    Contact.objects.create(
        customer=customer, email=f"{MARK}@example.com", wa_number="+94771234569", tp_number="+94112345678"
    )
    data = CustomerData.objects.create(user=admin, customer=customer, key="key", value=MARK, file_name=f"{MARK}.txt")
    data.file.save("note.txt", ContentFile(MARK.encode()))
    number = BusinessNumber.objects.create(external_id="1")
    Identity.objects.create(customer=customer, business_number=number, wa_id="94771234567", profile_name=MARK)
    with transaction.atomic():
        inbound = Inbound(wamid="wamid.1", type="text", text=MARK, at=timezone.now())
        receive_message(customer=lock(customer.pk), number=number, inbound=inbound)
    WebhookEvent.objects.create(body=MARK.encode()).customers.add(customer)
    customer.refresh_from_db()
    customer.avatar.save("me.png", ContentFile(MARK.encode()))
    contacts = Contact.objects.filter(customer=customer)
    LogEntry.objects.log_actions(admin.pk, [customer, *contacts], 2, change_message="changed")
    return customer


def test_the_archive_says_it_all(as_admin: APIClient, known: Customer) -> None:
    answer = as_admin.get(f"{API}/{known.pk}/export/", HTTP_ACCEPT="application/zip")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert f'filename="{known.customer_id}.zip"' in answer["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    parts = {name: json.loads(body) for name, body in files.items() if name.endswith(".json")}
    assert set(parts) == {
        "customer.json",
        "events.json",
        "contacts.json",
        "tags.json",
        "customer_data.json",
        "chat.json",
        "whatsapp.json",
    }
    own = parts["customer.json"]
    for name in ("profile", "addresses", "orders", "wishlist", "reviews", "loyalty"):
        assert MARK in json.dumps(own[name]), name
    assert (own["groups"][0]["group__name"], own["login"]["username"]) == ("Everybody", "xylophonia")
    for name in ("events.json", "contacts.json", "customer_data.json", "chat.json", "whatsapp.json"):
        assert MARK in json.dumps(parts[name]), name
    assert "password" not in files["customer.json"].decode()
    kept = {name for name, body in files.items() if body == MARK.encode()}
    assert len(kept) == 2
    assert "customer/avatar.png" in kept


def test_customers_may_have_their_own(known: Customer, client_of: Any, as_owner: APIClient) -> None:
    assert client_of(known.user).get(f"{API}/{known.pk}/export/").status_code == 200
    assert as_owner.get(f"{API}/{known.pk}/export/").status_code == 403


@pytest.mark.parametrize(
    ("proved", "written_from", "given"),
    [(False, "94771234567", False), (True, "94771234567", True), (True, "94770000001", False), (True, None, False)],
)
def test_the_chat_goes_only_to_who_proved_to_have_written_it(
    known: Customer, client_of: Any, proved: bool, written_from: str | None, given: bool
) -> None:
    """Anybody can claim a phone or name a contact. What its real owner wrote is not theirs to take."""
    Customer.objects.filter(pk=known.pk).update(phone_verified=proved)
    Identity.objects.filter(customer=known).update(wa_id=written_from, user_id="US.1")

    answer = client_of(known.user).get(f"{API}/{known.pk}/export/")

    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        for name in ("chat.json", "whatsapp.json"):
            assert (MARK in archive.read(name).decode()) is given, name
        assert "withheld" in json.loads(archive.read("events.json"))
        assert MARK in archive.read("customer.json").decode()


@pytest.fixture
def noted(known: Customer, admin: User) -> Customer:
    """`known`, with the name of an admin and what staff noted beside what they entered themselves."""
    User.objects.filter(pk=admin.pk).update(first_name=NOTED)
    update_customer(customer_id=known.pk, actor=admin, changes={"notes": NOTED})
    seller = User.objects.create_user("quill", "q@desk.example", PASSWORD, first_name=NOTED, role="sales")
    assign(customer_id=known.pk, salesperson=seller, actor=admin, note=NOTED)
    add_points(customer_id=known.pk, actor=admin, points=5, reason=NOTED)
    CustomerTag.objects.create(customer=known, tag=Tag.objects.create(name=NOTED))
    GroupMember.objects.create(customer=known, group=CustomerGroup.objects.create(name=NOTED))
    Contact.objects.create(customer=known, email=f"{NOTED}@example.com", wa_number="+94771", tp_number="+94772")
    CustomerData.objects.all().delete()
    data = CustomerData.objects.create(user=admin, customer=known, key=NOTED, value=NOTED, file_name=f"{NOTED}.txt")
    data.file.save("note.txt", ContentFile(NOTED.encode()))
    reaction = {"emoji": "+", "from": "business", "user": {"id": admin.pk, "name": NOTED}}
    Message.objects.create(
        customer=known,
        business_number=BusinessNumber.objects.get(),
        direction="outbound",
        status="sent",
        text=f"Dear {MARK}",
        sender=seller,
        reactions=[reaction],
    )
    answer = Message.objects.latest("pk")
    Attachment.objects.create(message=answer, state="ready", file_name="offer.txt").file.save(
        "offer.txt", ContentFile(b"An offer")
    )
    Identity.objects.filter(customer=known).update(wa_id="94771234567")
    return known


def unpacked(answer: Any) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.mark.parametrize("proved", [True, False])
def test_people_get_what_they_entered_and_nothing_that_staff_noted(
    noted: Customer, client_of: Any, as_admin: APIClient, proved: bool
) -> None:
    Customer.objects.filter(pk=noted.pk).update(phone_verified=proved)
    client = client_of(noted.user)
    contact = {"customer": noted.pk, "email": "mine@example.com", "wa_number": "0770000007", "tp_number": "0770000007"}
    assert client.post("/api/contacts/", contact).status_code == 201

    mine = unpacked(client.get(f"{API}/{noted.pk}/export/"))
    whole = unpacked(as_admin.get(f"{API}/{noted.pk}/export/"))

    assert {name for name, body in mine.items() if NOTED in body + name} == set()
    own = json.loads(mine["customer.json"])
    for name in ("profile", "addresses", "orders", "wishlist", "reviews"):
        assert MARK in json.dumps(own[name]), name
    assert [entry["points"] for entry in own["loyalty"]] == [5, 5]
    assert not {"notes", "owner", "source", "phone_to_confirm"} & set(own["profile"])
    assert [one["email"] for one in json.loads(mine["contacts.json"])] == ["mine@example.com"]
    for name in ("tags.json", "customer_data.json", "events.json"):
        assert list(json.loads(mine[name])) == ["withheld"], name
    assert ("Dear Xylophonia" in mine["chat.json"]) is proved
    files = {name for name in mine if not name.endswith(".json")}
    assert files == {"customer/avatar.png"} | (
        {f"chat/{Message.objects.latest('pk').pk}-offer.txt"} if proved else set()
    )

    for name in ("customer.json", "contacts.json", "tags.json", "customer_data.json", "chat.json", "events.json"):
        assert NOTED in whole[name] or name == "chat.json", name
    assert len([name for name in whole if not name.endswith(".json")]) == 3


def test_the_whole_export_has_the_rows_that_were_merged(
    as_admin: APIClient, customer: Customer, customer_login: User, client_of: Any
) -> None:
    merged = Customer.objects.create(notes=NOTED)
    Contact.objects.create(customer=merged, email="old@example.com", wa_number="+94771", tp_number="+94772")
    earlier = Customer.objects.create(first_name="Earlier")
    Customer.all_rows.filter(pk=earlier.pk).update(merged_into=merged)
    Customer.all_rows.filter(pk=merged.pk).update(merged_into=customer)

    whole = unpacked(as_admin.get(f"{API}/{customer.pk}/export/"))
    mine = unpacked(client_of(customer_login).get(f"{API}/{customer.pk}/export/"))

    assert NOTED in whole[f"merged/{merged.customer_id}/customer.json"]
    assert "old@example.com" in whole[f"merged/{merged.customer_id}/contacts.json"]
    assert "Earlier" in whole[f"merged/{earlier.customer_id}/customer.json"]
    assert [name for name in mine if name.startswith("merged/")] == []


def test_the_archive_keeps_nobody_from_writing(known: Customer, transactional_db: None, settings: Any) -> None:
    """Packing files takes time. On SQLite, a transaction would keep everybody else from writing."""
    settings.PERSONAL_DATA = ["tests.customers.doubles.WATCHING_KEEPERS"]

    archive(known)

    assert WATCHING_KEEPERS[0].in_transaction == [False]


def test_nothing_is_left(
    as_admin: APIClient, known: Customer, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2

    with django_capture_on_commit_callbacks(execute=True):
        assert as_admin.delete(f"{API}/{known.pk}/").status_code == 204

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    left = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                text = " ".join(str(bytes(cell)) if isinstance(cell, memoryview) else str(cell) for cell in row)
                if MARK.lower() in text.lower() or "94771234567" in text:
                    left.append((table, text))
    assert left == []
    assert as_admin.get(f"{API}/{known.pk}/").status_code == 404
