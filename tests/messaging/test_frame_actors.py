"""Every recorded frame names who did it."""

from typing import Any

import pytest

from accounts.models import User
from customers.models import Customer, Event
from messaging.models import Message
from tags.models import Tag


def of_the_customer(client: Any, customer: Customer) -> list[Any]:
    frames: list[Any] = client.get(f"/api/customers/{customer.pk}/events/").json()["results"]
    return frames


@pytest.fixture
def acts(as_owner: Any, as_admin: Any, customer: Customer, owner: User, stranger: User, says: Any) -> Any:
    """Sam and Ada do one of everything that is recorded; returns who did what, in order."""
    asked = says(customer, "hello?")
    sent = as_owner.post("/api/messages/", {"customer": customer.pk, "text": "hi"}).json()["id"]
    Message.objects.filter(pk=sent).update(status="failed")
    twin = Customer.objects.create(first_name="Johnny")
    tag, other = (Tag.objects.create(name=name, created_by=owner) for name in ("VIP", "Late"))
    both = {"customer_ids": [twin.pk, customer.pk], "action": "add"}
    react = {"customer": customer.pk, "type": "reaction", "reply_to": asked, "payload": {"emoji": "👍"}}
    answers = [
        as_owner.post(f"/api/messages/{sent}/retry/"),
        as_owner.post("/api/messages/", react),
        as_owner.post(f"/api/customers/{customer.pk}/read/"),
        as_owner.patch(f"/api/customers/{customer.pk}/", {"notes": "tall"}),
        as_owner.post(f"/api/v1/msg/customer/{customer.pk}/tags/{tag.pk}/"),
        as_admin.post(f"/api/v1/msg/tags/{other.pk}/customers/", both),
        merged := as_admin.post(f"/api/customers/{twin.pk}/merge/", {"into": customer.pk}),
        as_admin.post(f"/api/customers/merges/{merged.json().get('merge', 0)}/undo/"),
        as_admin.post("/api/assignments/", {"customer": customer.pk, "salesperson": stranger.pk}),
        as_admin.patch(f"/api/users/{stranger.pk}/", {"is_active": False, "hand_over_to": owner.pk}),
    ]
    assert {answer.status_code // 100 for answer in answers} == {2}, [answer.content for answer in answers]
    return asked


@pytest.mark.django_db(transaction=True)  # a salesperson's customers are handed over after the commit
def test_each_type_names_who_did_it(acts: Any, as_owner: Any, customer: Customer, owner: User, admin: User) -> None:
    frames = of_the_customer(as_owner, customer)

    sam, ada = {"id": owner.pk, "name": "Sam"}, {"id": admin.pk, "name": "Ada"}
    by: dict[str, list[Any]] = {}
    for frame in frames:
        by.setdefault(frame["type"], []).append(frame["actor"])
    assert by["chat_message"] == [None, sam]
    assert by["message_status"] == [sam]
    assert by["message_updated"] == [sam]
    assert by["messages_read"] == [sam]
    assert by["customer_updated"][0] == sam
    assert by["tags_changed"] == [sam, ada]
    assert by["customer_merged"] == by["merge_undone"] == [ada]
    assert by["assignment_changed"] == [ada, ada]


def test_who_was_removed_keeps_their_name(as_owner: Any, as_admin: Any, customer: Customer, owner: User) -> None:
    as_owner.patch(f"/api/customers/{customer.pk}/", {"notes": "tall"})
    as_admin.delete(f"/api/users/{owner.pk}/")

    assert of_the_customer(as_admin, customer)[0]["actor"] == {"id": owner.pk, "name": "Sam"}


def test_names_cost_no_statement_of_their_own(
    as_owner: Any, as_admin: Any, customer: Customer, django_assert_num_queries: Any
) -> None:
    for client in (as_owner, as_admin, as_owner):
        client.patch(f"/api/customers/{customer.pk}/", {"notes": f"note {id(client)} {Event.objects.count()}"})

    with django_assert_num_queries(3):  # the session, the customer, the events
        frames = of_the_customer(as_owner, customer)
    assert [frame["actor"]["name"] for frame in frames] == ["Sam", "Ada", "Sam"]
