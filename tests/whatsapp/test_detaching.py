"""The addresses of a customer: listed, and detached when they are not theirs."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from contacts.models import Contact
from customers.models import Customer
from messaging.channels import Rejected
from messaging.models import BusinessNumber, Conversation, Message
from tests.admin_pages import confirm, customer_url, do, opened
from tests.webhooks import says, text
from whatsapp.graph.recipients import recipient_of
from whatsapp.models import Identity

pytestmark = pytest.mark.django_db

WA_ID, USER_ID = "94771234567", "LK.John1"


def url(customer: Customer, identity: Identity | None = None) -> str:
    return f"/api/customers/{customer.pk}/identities/" + (f"{identity.pk}/" if identity is not None else "")


@pytest.fixture
def wrote(post: Any, customer: Customer) -> Identity:
    """`customer` wrote from their phone just now."""
    sender = {"wa_id": WA_ID, "user_id": USER_ID, "profile": {"name": "Jo", "username": "@jo"}}
    post(says(text("wamid.1", at=int(time.time())) | {"from_user_id": USER_ID}, contacts=[sender]))
    found: Identity = Identity.objects.get()
    return found


def state() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Customer, Identity, Conversation, Message)]


def test_they_are_listed_the_one_written_from_last_first(
    as_owner: APIClient, as_admin: APIClient, customer: Customer, wrote: Identity
) -> None:
    number = BusinessNumber.objects.get()
    learned = Identity.objects.create(customer=customer, business_number=number, user_id="LK.Later")
    wrote_at = Conversation.objects.get().last_inbound_at
    assert wrote_at is not None
    expected = {
        "id": wrote.pk,
        "business_number": {"id": number.pk, "name": "15550783881"},
        "wa_id": WA_ID,
        "user_id": USER_ID,
        "username": "jo",
        "profile_name": "Jo",
        "proved": True,
        "last_inbound_at": f"{wrote_at:%Y-%m-%dT%H:%M:%SZ}",
        "detached_at": None,
    }
    for desk in (as_owner, as_admin):
        answer = desk.get(url(customer))
        assert answer.status_code == 200
        first, second = answer.json()
        assert first == expected
        assert (second["id"], second["proved"], second["last_inbound_at"]) == (learned.pk, False, None)


def test_the_number_of_queries_is_that_of_one(
    as_owner: APIClient, customer: Customer, wrote: Identity, django_assert_num_queries: Any
) -> None:
    for count in range(5):
        number = BusinessNumber.objects.create(external_id=f"{count}")
        Identity.objects.create(customer=customer, business_number=number, user_id=f"LK.{count}")
    with django_assert_num_queries(3):
        assert len(as_owner.get(url(customer)).json()) == 6


def test_whoever_writes_from_there_next_is_somebody_new(
    post: Any, as_owner: APIClient, customer: Customer, wrote: Identity
) -> None:
    before = timezone.now()
    answer = as_owner.delete(url(customer, wrote))
    assert (answer.status_code, answer.content) == (204, b"")
    customer.refresh_from_db()
    assert (customer.phone, customer.phone_trusted, customer.phone_verified) == ("+94771234567", False, False)
    assert customer.events.latest("seq").type == "customer_updated"
    (row,) = as_owner.get(url(customer)).json()
    assert row["detached_at"] >= f"{before:%Y-%m-%dT%H:%M:%S}"

    post(says(text("wamid.2") | {"from_user_id": USER_ID}))
    hidden = text("wamid.3") | {"from_user_id": USER_ID}
    del hidden["from"]
    post(says(hidden))
    newcomer = Customer.objects.exclude(pk=customer.pk).get()
    assert newcomer.phone == "+94771234567"
    assert set(Message.objects.filter(customer=newcomer).values_list("wamid", flat=True)) == {"wamid.2", "wamid.3"}
    assert Message.objects.get(customer=customer).wamid == "wamid.1"


def test_nothing_is_sent_there_any_more(as_owner: APIClient, customer: Customer, wrote: Identity) -> None:
    as_owner.delete(url(customer, wrote))
    customer.refresh_from_db()
    with pytest.raises(Rejected, match="no_address"):
        recipient_of(Message(customer=customer, business_number=wrote.business_number, type="template"))
    chat = Conversation.objects.get()
    assert (chat.last_address, chat.last_inbound_at) == (None, None)
    sent = as_owner.post("/api/messages/", {"customer": customer.pk, "type": "text", "text": "Hi"}, format="json")
    assert (sent.status_code, sent.json()["code"]) == (409, "outside_service_window")
    assert not Message.objects.filter(direction="outbound").exists()


def test_another_address_keeps_what_it_had(post: Any, as_owner: APIClient, customer: Customer, wrote: Identity) -> None:
    earlier = timezone.now() - timedelta(hours=2)
    numbers = {"wa_number": "+94112223334", "tp_number": "+94112223334"}
    Contact.objects.create(customer=customer, email="c@example.com", **numbers)
    post(says(text("wamid.2", wa_id="94112223334", at=int(earlier.timestamp()))))
    as_owner.delete(url(customer, wrote))
    chat = Conversation.objects.get()
    assert chat.last_inbound_at is not None
    assert abs(chat.last_inbound_at - earlier) < timedelta(seconds=2)
    customer.refresh_from_db()
    assert recipient_of(Message(customer=customer, business_number=wrote.business_number))["to"] == "94112223334"


def test_a_contact_that_was_detached_is_nobody_until_it_is_saved_again(
    post: Any, as_owner: APIClient, customer: Customer
) -> None:
    numbers = {"wa_number": "+94112223334", "tp_number": "+94112223334"}
    contact = Contact.objects.create(customer=customer, email="c@example.com", **numbers)
    post(says(text("wamid.1", wa_id="94112223334")))
    identity = Identity.objects.get(customer=customer)
    as_owner.delete(url(customer, identity))
    customer.refresh_from_db()
    assert customer.phone_trusted, "it is not their phone"

    post(says(text("wamid.2", wa_id="94112223334")))
    newcomer = Message.objects.get(wamid="wamid.2").customer
    assert newcomer != customer
    newcomer.delete()
    assert as_owner.patch(f"/api/contacts/{contact.pk}/", {"email": "d@example.com"}, format="json").status_code == 200
    post(says(text("wamid.3", wa_id="94112223334")))
    assert Message.objects.get(wamid="wamid.3").customer == customer


def test_a_row_that_was_merged_does_not_bring_it_back(
    post: Any, as_owner: APIClient, customer: Customer, wrote: Identity
) -> None:
    Customer.objects.filter(pk=customer.pk).update(phone="+94770000000")
    Customer.all_rows.create(phone="+94771234567", merged_into=customer)
    as_owner.delete(url(customer, wrote))
    post(says(text("wamid.2")))
    assert Message.objects.get(wamid="wamid.2").customer != customer


def test_it_is_not_brought_back_by_another_number_of_ours(
    post: Any, as_owner: APIClient, customer: Customer, wrote: Identity
) -> None:
    elsewhere = says(text("wamid.2"))
    elsewhere["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"
    post(elsewhere)
    assert Message.objects.filter(customer=customer).count() == 2
    as_owner.delete(url(customer, wrote))
    post(says(text("wamid.3")))
    assert Message.objects.get(wamid="wamid.3").customer != customer


def test_a_phone_that_staff_enter_again_is_trusted_again(
    post: Any, as_admin: APIClient, customer: Customer, wrote: Identity
) -> None:
    as_admin.delete(url(customer, wrote))
    Customer.objects.filter(pk=customer.pk).update(phone_trusted=True)
    post(says(text("wamid.2")))
    assert Message.objects.filter(customer=customer).count() == 2
    assert Identity.objects.filter(customer=customer).count() == 2


def test_again_changes_nothing(as_owner: APIClient, customer: Customer, wrote: Identity) -> None:
    as_owner.delete(url(customer, wrote))
    before = state()
    assert as_owner.delete(url(customer, wrote)).status_code == 204
    assert state() == before


@pytest.mark.parametrize("who", ["as_stranger", "as_customer", "anonymous"])
def test_others_may_neither_see_nor_detach(
    request: pytest.FixtureRequest, who: str, customer: Customer, wrote: Identity
) -> None:
    client = request.getfixturevalue(who)
    before = state()
    code = {"as_stranger": 404, "as_customer": 403, "anonymous": 401}[who]
    assert client.get(url(customer)).status_code == code
    assert client.delete(url(customer, wrote)).status_code == code
    assert state() == before


def test_only_their_own(as_owner: APIClient, owner: User, customer: Customer, wrote: Identity) -> None:
    other = Customer.objects.create(first_name="Other", owner=owner)
    before = state()
    assert as_owner.delete(url(other, wrote)).status_code == 404
    assert state() == before


def test_in_django_admin(client: Client, admin: User, customer: Customer, wrote: Identity) -> None:
    client.force_login(admin)
    assert "1 detached" in confirm(client, "/admin/whatsapp/identity/", "detach", [wrote])
    customer.refresh_from_db()
    assert not customer.phone_trusted
    assert customer.events.latest("seq").actor == admin
    assert client.get("/admin/whatsapp/identity/", {"detached_at__isempty": "0"}).status_code == 200


def test_on_a_customers_page_in_django_admin(
    client: Client, admin: User, owner: User, customer: Customer, wrote: Identity
) -> None:
    client.force_login(admin)
    assert f"+{WA_ID}" in opened(client, customer, "identities")
    other = Customer.objects.create(first_name="Other", owner=owner)
    assert "errornote" in do(client, other, "identities", "detach", item=wrote.pk)
    asked = client.post(customer_url(customer, "identities"), {"do": "detach", "given-item": wrote.pk})
    assert b"Past messages stay where they are." in asked.content
    wrote.refresh_from_db()
    assert wrote.detached_at is None

    assert "Detached." in do(client, customer, "identities", "detach", item=wrote.pk)

    wrote.refresh_from_db()
    assert wrote.detached_at is not None
    assert customer.events.latest("seq").actor == admin
