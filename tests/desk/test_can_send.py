"""What a row of the desk says about writing to a customer, against what sending answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from core.encryption import encrypt
from customers.models import Customer, Event
from messaging.models import BusinessNumber, Conversation, Message
from messaging.models.numbers import UNTIL_RESUMED
from tests.media_files import picture
from whatsapp.models import Identity, NumberAccess, Template
from whatsapp.sandbox.account import ACCOUNT_ID


def row_of(client: Any, customer: Customer) -> Any:
    one = client.get(f"/api/customers/{customer.pk}/").json()
    assert one in client.get("/api/customers/").json()["results"]
    return one


def can_send(text: bool, template: bool, reason: str | None) -> dict[str, Any]:
    return {"text": text, "template": template, "reason": reason}


@pytest.fixture
def written(customer: Customer, chat: Any) -> BusinessNumber:
    """The number that the customer wrote to a moment ago."""
    chat(customer, at=timezone.now())
    return BusinessNumber.objects.get()


@pytest.fixture
def say(as_owner: APIClient, customer: Customer) -> Any:
    """Send a text to the customer, with more fields."""

    def post(**fields: Any) -> Any:
        return as_owner.post("/api/messages/", {"customer": customer.pk, "text": "hi", **fields})

    return post


def test_within_the_window_everything(as_owner: APIClient, customer: Customer, written: Any, say: Any) -> None:
    assert row_of(as_owner, customer)["can_send"] == can_send(True, True, None)
    assert say().status_code == 201


@pytest.mark.parametrize("wrote", [True, False])
def test_outside_of_it_templates_alone(
    as_owner: APIClient, customer: Customer, chat: Any, say: Any, wrote: bool
) -> None:
    if wrote:
        chat(customer, at=timezone.now() - timedelta(hours=24, seconds=1))

    assert row_of(as_owner, customer)["can_send"] == can_send(False, True, "outside_service_window")
    answer = say()
    assert (answer.status_code, answer.json()["code"]) == (409, "outside_service_window")
    assert not Message.objects.filter(direction="outbound").exists()


@pytest.mark.parametrize("phone", [None, "not trusted"])
@pytest.mark.parametrize("wrote", [True, False])
def test_nowhere_to_send_to(as_owner: APIClient, customer: Customer, chat: Any, wrote: bool, phone: Any) -> None:
    Customer.objects.filter(pk=customer.pk).update(**({"phone": None} if phone is None else {"phone_trusted": False}))
    if wrote:
        chat(customer, at=timezone.now())

    assert row_of(as_owner, customer)["can_send"] == can_send(False, False, "no_address")


def test_an_address_they_write_from_is_enough(as_owner: APIClient, customer: Customer, written: Any) -> None:
    Customer.objects.filter(pk=customer.pk).update(phone=None)
    identity = Identity.objects.create(customer=customer, business_number=written, user_id="LK.1")
    assert row_of(as_owner, customer)["can_send"] == can_send(True, True, None)

    Identity.objects.filter(pk=identity.pk).update(detached_at=timezone.now())
    assert row_of(as_owner, customer)["can_send"] == can_send(False, False, "no_address")

    elsewhere = BusinessNumber.objects.create(external_id="2")
    Identity.objects.create(customer=customer, business_number=elsewhere, user_id="LK.2")
    assert row_of(as_owner, customer)["can_send"] == can_send(False, False, "no_address")


def test_without_a_chat_an_address_on_any_number_counts(as_owner: APIClient, customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(phone=None)
    number = BusinessNumber.objects.create(external_id="2")
    Identity.objects.create(customer=customer, business_number=number, user_id="LK.2")

    assert row_of(as_owner, customer)["can_send"] == can_send(False, True, "outside_service_window")


def test_who_opted_out_gets_no_marketing(as_owner: APIClient, customer: Customer, written: Any, say: Any) -> None:
    identity = Identity.objects.create(
        customer=customer, business_number=written, wa_id="94771234567", marketing_stopped_at=timezone.now()
    )
    assert row_of(as_owner, customer)["can_send"] == can_send(True, True, "opted_out")
    assert say().status_code == 201

    Identity.objects.filter(pk=identity.pk).update(marketing_stopped_at=None)
    assert row_of(as_owner, customer)["can_send"] == can_send(True, True, None)


@pytest.mark.parametrize("until", [datetime(2999, 1, 1, tzinfo=UTC), UNTIL_RESUMED])
def test_a_paused_number_queues(as_owner: APIClient, customer: Customer, written: Any, say: Any, until: Any) -> None:
    BusinessNumber.objects.update(paused_until=until, pause_kind="paused")

    assert row_of(as_owner, customer)["can_send"] == can_send(True, True, "number_paused")
    answer = say()
    assert (answer.status_code, answer.json()["waiting"]["code"]) == (201, "paused")

    BusinessNumber.objects.update(paused_until=timezone.now(), pause_kind="")
    assert row_of(as_owner, customer)["can_send"]["reason"] is None


@pytest.mark.parametrize(("token", "sends"), [("", False), ("no key decrypts this", False), (None, True)])
def test_a_number_without_a_token(
    as_owner: APIClient, customer: Customer, written: BusinessNumber, say: Any, settings: Any, token: Any, sends: bool
) -> None:
    settings.WHATSAPP_SANDBOX = False
    settings.WHATSAPP_PHONE_NUMBER_ID = "another"
    NumberAccess.objects.create(number=written, encrypted_token=encrypt("EAA") if token is None else token)

    expected = can_send(True, True, None) if sends else can_send(False, False, "number_paused")
    assert row_of(as_owner, customer)["can_send"] == expected
    assert say().status_code == (201 if sends else 409)


def test_a_channel_that_is_no_longer_set_up(
    as_owner: APIClient, customer: Customer, written: BusinessNumber, say: Any
) -> None:
    BusinessNumber.objects.update(transport="telegraph")

    assert row_of(as_owner, customer)["can_send"] == can_send(False, False, "number_paused")
    assert say().status_code == 409


def test_a_page_costs_no_statement_more(
    as_owner: APIClient, owner: Any, chat: Any, django_assert_num_queries: Any
) -> None:
    for n in range(20):
        one = Customer.objects.create(first_name=f"{n}", owner=owner, phone=f"+9477000{n:04d}")
        if n % 2:
            chat(one, at=timezone.now())
        with django_assert_num_queries(4):  # the session, the count, the rows, their tags
            as_owner.get("/api/customers/")


def test_the_number_of_the_chat_and_the_newest_event(
    as_owner: APIClient, customer: Customer, written: BusinessNumber, say: Any
) -> None:
    assert row_of(as_owner, customer)["business_number"] == {"id": written.pk, "name": "1"}
    BusinessNumber.objects.update(display="+1 555 0100")
    say()

    row = row_of(as_owner, customer)
    assert row["business_number"] == {"id": written.pk, "name": "+1 555 0100"}
    assert row["last_seq"] == Event.objects.filter(customer=customer).count() == 1


def test_a_picture_has_a_link_for_each_reader(
    as_owner: APIClient, as_admin: APIClient, customer: Customer, client: Client
) -> None:
    customer.avatar.save("me.png", ContentFile(picture("PNG")))
    links = [row_of(one, customer)["avatar"] for one in (as_owner, as_admin)]

    assert links[0] != links[1]
    assert [client.get(link).status_code for link in links] == [200, 200]
    assert as_owner.patch(f"/api/customers/{customer.pk}/", {"notes": "tall"}).json()["avatar"].startswith("http")


@pytest.mark.parametrize("named", [True, False])
def test_the_first_message_may_name_its_number(as_owner: APIClient, customer: Customer, say: Any, named: bool) -> None:
    office = BusinessNumber.objects.create(external_id="2", display="the office")
    Template.objects.create(waba_id=ACCOUNT_ID, name="hi", language="en", status="APPROVED")
    fields = {"type": "template", "text": None, "template": {"name": "hi", "language": "en"}}
    answer = say(**fields, **({"business_number": office.pk} if named else {}))

    assert answer.status_code == 201, answer.json()
    chat = Conversation.objects.get(customer=customer)
    assert (chat.business_number == office) is named
    assert answer.json()["business_number"] == chat.business_number_id
    again = say(**fields, business_number=chat.business_number_id)
    assert again.status_code == 201


def test_a_chat_stays_on_its_number(as_owner: APIClient, customer: Customer, written: BusinessNumber, say: Any) -> None:
    office = BusinessNumber.objects.create(external_id="2")

    answer = say(business_number=office.pk)

    assert (answer.status_code, list(answer.json())) == (400, ["business_number"])
    assert not Message.objects.filter(direction="outbound").exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize("pk", [0, -1, 987654, 10**30, "x", [], True])
def test_a_number_that_is_none(as_owner: APIClient, customer: Customer, say: Any, pk: Any) -> None:
    BusinessNumber.objects.create(external_id="3", transport="telegraph")

    assert say(business_number=pk).status_code == 400
    assert not Message.objects.exists()
    assert not Conversation.objects.exists()


def test_a_client_id_belongs_to_one_number(
    as_owner: APIClient, customer: Customer, written: BusinessNumber, say: Any
) -> None:
    assert say(client_id="c-1").status_code == 201
    assert say(client_id="c-1").status_code == 200
    answer = say(client_id="c-1", business_number=written.pk)
    assert (answer.status_code, answer.json()["code"]) == (409, "client_id_taken")
