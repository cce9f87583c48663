"""Codes for phones: who only claims a phone does not hold back whoever has it, and one address gets only so far."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from customers.actions.registration import register
from customers.models import Customer, PhoneCode
from tests.cast import ClientOf
from tests.phone_codes import codes_leave, last_code
from whatsapp.sandbox import transport as sandbox

OWN = "/api/customers/customers"
PHONE = "+94770000001"


@pytest.fixture(autouse=True)
def _no_codes_yet(db: None) -> None:
    sandbox.codes_sent.clear()


def person(name: str, phone: str) -> Customer:
    return register(username=name, email=f"{name}@example.com", password="SecureP@ssw0rd123!", phone=phone)


@pytest.fixture
def holder(client_of: ClientOf) -> APIClient:
    """Has the phone, which stopped being trusted, and has to prove it again."""
    customer = person("jane", PHONE)
    Customer.objects.filter(pk=customer.pk).update(
        phone=PHONE, pending_phone="", phone_verified=True, phone_trusted=False, updated_at=timezone.now()
    )
    assert customer.user is not None
    return client_of(customer.user)


@pytest.fixture
def claimants(client_of: ClientOf) -> list[APIClient]:
    """Seven accounts that only claim the phone."""
    return [client_of(person(f"claimant{number}", PHONE).user) for number in range(7)]  # type: ignore[arg-type]


def ask(client: APIClient, address: str = "10.0.0.1") -> int:
    return client.post(f"{OWN}/send_phone_code/", REMOTE_ADDR=address).status_code


def guess(client: APIClient, code: str, address: str = "10.0.0.1") -> Any:
    return client.post(f"{OWN}/verify_phone/", {"code": code}, REMOTE_ADDR=address)


def test_a_phone_gets_five_from_all_who_claim_it(holder: APIClient, claimants: list[APIClient]) -> None:
    assert [ask(client) for client in claimants] == [200] * 5 + [429] * 2
    assert PhoneCode.objects.count() == 5
    assert [ask(holder) for _ in range(6)] == [200] * 5 + [429], "who has the phone is not held back"


def test_one_address_sends_only_so_many(client_of: ClientOf, settings: Any) -> None:
    settings.THROTTLE_PHONE_CODE_ADDRESS = "3/hour"
    people = [client_of(person(f"somebody{n}", f"+9477000010{n}").user) for n in range(4)]  # type: ignore[arg-type]

    assert [ask(client) for client in people] == [200] * 3 + [429]
    assert ask(people[3], "10.0.0.2") == 200


def test_one_address_guesses_only_so_often_over_all_phones(client_of: ClientOf, settings: Any) -> None:
    people = [client_of(person(f"somebody{n}", f"+9477000010{n}").user) for n in range(3)]  # type: ignore[arg-type]
    for client in people:
        assert ask(client) == 200
    codes_leave()
    settings.THROTTLE_PHONE_CODE_ADDRESS = "4/hour"

    statuses = [guess(client, "000000").status_code for client in people for _ in range(2)]

    assert statuses == [400] * 4 + [429] * 2
    assert PhoneCode.objects.filter(tries=0).count() == 1, "what is refused counts as no try of the code"


def test_right_codes_do_not_count(client_of: ClientOf, settings: Any) -> None:
    settings.THROTTLE_PHONE_CODE_ADDRESS = "1/hour"
    for number in range(3):
        client = client_of(person(f"somebody{number}", f"+9477000010{number}").user)  # type: ignore[arg-type]
        assert ask(client, f"10.0.0.{number}") == 200
        assert guess(client, last_code()).status_code == 200
