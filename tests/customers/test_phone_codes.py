"""Proving a phone with a code, and merging two customers who turn out to be one person."""

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.http import Http404
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from contacts.models import Contact
from customer_data.models import CustomerData
from customers.actions.addresses import create_address
from customers.actions.customers import erase_customer
from customers.actions.phones import send_phone_code
from customers.actions.purchases import record_order, write_review
from customers.actions.registration import register
from customers.models import Address, CodeState, Customer, Event, Order, PhoneCode, Review
from messaging.models import BusinessNumber, Conversation, Message, StatusUpdate
from tests.cast import ClientOf
from tests.phone_codes import codes_leave, last_code
from whatsapp.models import Identity
from whatsapp.sandbox import transport as sandbox

API = "/api/customers/customers"


@pytest.fixture(autouse=True)
def _no_codes_yet() -> None:
    sandbox.codes_sent.clear()


@pytest.fixture
def jane(db: None) -> Customer:
    """Registered with a phone of her own."""
    return register(username="jane", email="jane@example.com", password="SecureP@ssw0rd123!", phone="+94770000001")


@pytest.fixture
def as_jane(jane: Customer, client_of: ClientOf) -> APIClient:
    assert jane.user is not None
    return client_of(jane.user)


def code_for(client: APIClient) -> str:
    assert client.post(f"{API}/send_phone_code/").status_code == 200
    return last_code()


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_code_proves_the_phone(as_jane: APIClient, jane: Customer) -> None:
    answer = as_jane.post(f"{API}/send_phone_code/")
    assert (answer.status_code, answer.json()["expires_in"]) == (200, 600)
    assert not sandbox.codes_sent, "the request waits for nobody"
    codes_leave()
    [(phone, code)] = sandbox.codes_sent
    assert (phone, len(code)) == ("+94770000001", 6)

    answer = as_jane.post(f"{API}/verify_phone/", {"code": code})

    assert (answer.status_code, answer.json()["phone_verified"], answer.json()["id"]) == (200, True, jane.pk)
    assert as_jane.post(f"{API}/verify_phone/", {"code": code}).status_code == 400
    assert as_jane.post(f"{API}/send_phone_code/").status_code == 400


def test_the_code_is_kept_nowhere(as_jane: APIClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        code = code_for(as_jane)

    kept = PhoneCode.objects.get()
    assert (kept.state, kept.sealed, kept.claim_token) == (CodeState.SENT, "", None)
    assert code not in kept.digest
    assert kept.digest == PhoneCode.digest_of(kept.customer_id, kept.phone, code)
    assert code not in caplog.text
    assert code not in json.dumps(list(Event.objects.values_list("data", flat=True)))
    assert [model.objects.count() for model in (Message, Conversation, StatusUpdate)] == [0, 0, 0]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
def test_five_tries(headers: dict[str, str], as_jane: APIClient, jane: Customer) -> None:
    code = code_for(as_jane)
    path = f"{API}/verify_phone/"
    for left in ("4 tries left", "3 tries left", "2 tries left", "1 try left"):
        answer = as_jane.post(path, {"code": another(code)}, headers=headers)
        assert (answer.status_code, left in answer.json()["code"][0]) == (400, True)
    assert as_jane.post(path, {"code": another(code)}, headers=headers).status_code == 400

    assert as_jane.post(path, {"code": code}, headers=headers).status_code == 400
    jane.refresh_from_db()
    assert jane.phone_verified is False
    assert as_jane.post(path, {"code": code_for(as_jane)}, headers=headers).status_code == 200


def test_ten_minutes(as_jane: APIClient) -> None:
    code = code_for(as_jane)
    PhoneCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert as_jane.post(f"{API}/verify_phone/", {"code": code}).status_code == 400


def test_a_code_is_for_the_phone_it_went_to(as_jane: APIClient) -> None:
    code = code_for(as_jane)
    as_jane.patch(f"{API}/update_profile/", {"phone": "+94770000002"})

    assert as_jane.post(f"{API}/verify_phone/", {"code": code}).status_code == 400


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", None, "١٢٣٤٥٦"])
def test_no_code_at_all(as_jane: APIClient, code: Any) -> None:
    code_for(as_jane)
    assert list(as_jane.post(f"{API}/verify_phone/", {"code": code}).json()) == ["code"]


def test_sending_is_throttled(as_jane: APIClient) -> None:
    codes = [as_jane.post(f"{API}/send_phone_code/").status_code for _ in range(7)]

    assert codes == [200] * 5 + [429] * 2
    codes_leave()
    assert len(sandbox.codes_sent) == 1, "the last one alone is valid"


def test_nothing_to_send_with(as_jane: APIClient, settings: Any) -> None:
    settings.CHANNELS = {}

    answer = as_jane.post(f"{API}/send_phone_code/")

    assert (answer.status_code, "cannot be sent" in answer.json()["detail"]) == (503, True)
    assert not PhoneCode.objects.exists()
    settings.CHANNELS = {"whatsapp": "whatsapp.channel.WhatsApp"}
    assert [as_jane.post(f"{API}/send_phone_code/").status_code for _ in range(6)] == [200] * 5 + [429]


def test_no_phone(as_jane: APIClient) -> None:
    as_jane.patch(f"{API}/update_profile/", {"phone": None})
    assert list(as_jane.post(f"{API}/send_phone_code/").json()) == ["phone"]


@pytest.fixture
def newer(customer: Customer, admin: User) -> Customer:
    """Registered with the phone of `customer`, who wrote to us before. Has one of everything."""
    newer = register(
        username="johnny", email="johnny@example.com", password="SecureP@ssw0rd123!", phone=customer.phone, nic="99"
    )
    create_address(
        customer_id=newer.pk,
        actor=admin,
        address_type="billing",
        address_line1="1 Main St",
        city="Kandy",
        country="LK",
    )
    order = {"status": "delivered", "total": 100, "currency": "USD", "placed_at": timezone.now()}
    record_order(customer_id=newer.pk, actor=admin, number="A-1", **order)
    record_order(customer_id=customer.pk, actor=admin, number="A-2", **{**order, "total": 950})
    for one in (newer, customer):
        write_review(customer_id=one.pk, actor=admin, product_id="p-1", rating=5)
        CustomerData.objects.create(user=admin, customer=one, key="size", value=str(one.pk))
        Contact.objects.create(
            customer=one, email="c@example.com", wa_number="+94771", tp_number="+94772", is_primary=True
        )
    Contact.objects.create(
        customer=newer, email="d@example.com", wa_number="+94773", tp_number="+94774", is_active=False
    )
    newer.refresh_from_db()
    return newer


def test_the_older_row_takes_all_of_the_newer(
    customer: Customer, newer: Customer, owner: User, client_of: ClientOf, as_owner: APIClient
) -> None:
    create_address(
        customer_id=customer.pk,
        actor=owner,
        address_type="billing",
        address_line1="2 Side St",
        city="Galle",
        country="LK",
    )
    login = newer.user
    assert login is not None
    client = client_of(login)

    answer = client.post(f"{API}/verify_phone/", {"code": code_for(client)})

    assert answer.status_code == 200, answer.json()
    mine = answer.json()
    assert (mine["id"], mine["phone"], mine["phone_verified"]) == (customer.pk, "+94771234567", True)
    assert (mine["username"], mine["email"], mine["nic"]) == ("johnny", "johnny@example.com", "99")
    assert (mine["total_orders"], mine["total_spent"]) == (2, "1050.00")
    assert mine["loyalty_tier"] == "silver", "earned by both together"
    assert client.get(f"{API}/me/").json()["id"] == customer.pk
    customer.refresh_from_db()
    assert (customer.user, customer.owner, customer.source) == (login, owner, "whatsapp")
    assert not Customer.objects.filter(pk=newer.pk).exists()
    assert set(Order.objects.values_list("customer", flat=True)) == {customer.pk}
    assert Address.objects.filter(customer=customer).count() == 2
    assert Address.objects.get(is_default=True).city == "Galle"
    assert Review.objects.get(customer=customer).product_id == "p-1"
    assert set(CustomerData.objects.values_list("key", flat=True)) == {"size", "size (2)"}
    assert set(Contact.objects.filter(customer=customer).values_list("email", "is_primary")) == {
        ("c@example.com", True),
        ("d@example.com", False),
    }
    events = as_owner.get(f"/api/customers/{customer.pk}/events/").json()["results"]
    assert events[-2]["data"]["username"] == "johnny"
    assert (events[-1]["type"], events[-1]["data"]["gone"]) == ("customer_merged", newer.pk)


def test_who_was_first_with_the_proof_has_it(customer: Customer, newer: Customer, client_of: ClientOf) -> None:
    rival = register(username="rival", email="r@example.com", password="SecureP@ssw0rd123!", phone=customer.phone)
    assert newer.user is not None
    assert rival.user is not None
    first, second = client_of(newer.user), client_of(rival.user)
    codes = code_for(first), code_for(second)

    assert first.post(f"{API}/verify_phone/", {"code": codes[0]}).status_code == 200
    answer = second.post(f"{API}/verify_phone/", {"code": codes[1]})

    assert (answer.status_code, list(answer.json())) == (400, ["code"])
    rival.refresh_from_db()
    assert (rival.phone, rival.phone_verified, rival.user is not None) == (None, False, True)


def test_a_phone_whose_holder_is_gone(customer: Customer, newer: Customer, client_of: ClientOf) -> None:
    assert newer.user is not None
    client = client_of(newer.user)
    code = code_for(client)
    Customer.objects.filter(pk=customer.pk).update(phone=None)

    answer = client.post(f"{API}/verify_phone/", {"code": code})

    assert (answer.json()["id"], answer.json()["phone"], answer.json()["phone_verified"]) == (
        newer.pk,
        "+94771234567",
        True,
    )


@pytest.mark.parametrize(
    ("held", "claimed"), [("+5511987654321", "+551187654321"), ("+525512345678", "+5215512345678")]
)
def test_a_chat_under_another_spelling_of_the_phone(held: str, claimed: str, client_of: ClientOf) -> None:
    chat = Customer.objects.create(phone=held, source="whatsapp")
    registered = register(username="ana", email="ana@example.com", password="SecureP@ssw0rd123!", phone=claimed)
    assert registered.user is not None
    client = client_of(registered.user)

    answer = client.post(f"{API}/verify_phone/", {"code": code_for(client)})

    assert (answer.json()["id"], answer.json()["phone"], answer.json()["phone_verified"]) == (chat.pk, held, True)


def test_a_code_proves_a_phone_that_is_no_longer_trusted(jane: Customer, as_jane: APIClient) -> None:
    """After its address was detached. Whoever wrote from it meanwhile is one with them."""
    Customer.objects.filter(pk=jane.pk).update(phone="+94770000001", phone_trusted=False, pending_phone="")

    answer = as_jane.post(f"{API}/verify_phone/", {"code": code_for(as_jane)})

    assert (answer.status_code, answer.json()["phone_verified"]) == (200, True)
    jane.refresh_from_db()
    assert (jane.phone, jane.phone_trusted, jane.phone_verified) == ("+94770000001", True, True)


def test_a_number_from_which_somebody_else_writes_is_not_proved(
    jane: Customer, as_jane: APIClient, customer: Customer
) -> None:
    """`customer` has another phone: their contact wrote. Nothing tells whose chat that would be."""
    number = BusinessNumber.objects.create(external_id="1")
    Identity.objects.create(customer=customer, business_number=number, wa_id="94770000001")

    answer = as_jane.post(f"{API}/verify_phone/", {"code": code_for(as_jane)})

    assert (answer.status_code, list(answer.json())) == (400, ["code"])
    jane.refresh_from_db()
    assert (jane.phone, jane.pending_phone, jane.phone_verified) == (None, "+94770000001", False)


def test_the_pending_phone_sent_back_is_no_change(newer: Customer, client_of: ClientOf) -> None:
    assert newer.user is not None
    client = client_of(newer.user)

    assert client.patch(f"{API}/update_profile/", {"phone": "+94771234567"}).json()["phone"] == "+94771234567"
    newer.refresh_from_db()
    assert newer.pending_phone == "+94771234567"
    assert client.patch(f"{API}/update_profile/", {"phone": "+94771239999"}).json()["phone"] == "+94771239999"
    newer.refresh_from_db()
    assert (newer.phone, newer.pending_phone) == (None, "+94771239999")


def test_the_desks_row_sent_back_is_no_change(newer: Customer, as_admin: APIClient, as_owner: APIClient) -> None:
    """The desk shows `phone`, not the one waiting to be proved."""
    path = f"/api/customers/{newer.pk}/"
    row = as_admin.get(path).json()
    assert row["phone"] is None

    answer = as_admin.put(path, {"first_name": row["first_name"], "phone": row["phone"], "notes": "Called."})

    assert answer.status_code == 200
    newer.refresh_from_db()
    assert (newer.phone, newer.pending_phone, newer.notes) == (None, "+94771234567", "Called.")


def test_a_phone_that_went_to_somebody_else_meanwhile(
    customer: Customer, newer: Customer, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the check and the write, as when its holder writes for the first time."""
    assert newer.user is not None
    client = client_of(newer.user)
    code = code_for(client)
    Customer.objects.filter(pk=customer.pk).update(phone=None)
    matches = PhoneCode.matches

    def while_its_holder_writes(sent: PhoneCode, code: str) -> bool:
        Customer.objects.create(phone=sent.phone)
        return matches(sent, code)

    monkeypatch.setattr(PhoneCode, "matches", while_its_holder_writes)

    answer = client.post(f"{API}/verify_phone/", {"code": code})

    assert (answer.status_code, list(answer.json())) == (400, ["code"])
    assert "just taken" in answer.json()["code"][0]
    newer.refresh_from_db()
    assert (newer.phone, newer.pending_phone, newer.phone_verified) == (None, "+94771234567", False)


def test_a_code_for_who_was_erased_meanwhile(jane: Customer) -> None:
    erase_customer(customer_id=jane.pk, actor=None)

    with pytest.raises(Http404):
        send_phone_code(customer=jane)
    assert codes_leave() == 0


def test_a_code_of_who_is_erased_before_it_leaves(as_jane: APIClient, jane: Customer) -> None:
    as_jane.post(f"{API}/send_phone_code/")

    erase_customer(customer_id=jane.pk, actor=None)

    assert codes_leave() == 0
