"""Messages in Django admin: found by what people know, sent again, and settled."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from core.admin.lists import RoughPaginator
from customers.models import Customer, Event
from messaging.models import BusinessNumber, Conversation, Message
from tests.admin_pages import ask, confirm

pytestmark = pytest.mark.django_db
MESSAGES = "/admin/messaging/message/"
ERROR = {"code": 131047, "title": "More than 24 hours", "detail": "Use a template.", "retryable": True}


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def number() -> BusinessNumber:
    return BusinessNumber.objects.create(external_id="111", display="+94 11 111 1111")


@pytest.fixture
def message(customer: Customer, number: BusinessNumber, owner: User) -> Message:
    """A failed one, in a chat that may be written to."""
    Conversation.objects.create(customer=customer, business_number=number, last_inbound_at=timezone.now())
    fields = {"type": "text", "text": "Your sofa is ready", "sender": owner, "wamid": "wamid.9"}
    return Message.objects.create(
        customer=customer, business_number=number, direction="outbound", status="failed", error=ERROR, **fields
    )


def status_of(message: Message) -> str:
    return str(Message.objects.values_list("status", flat=True).get(pk=message.pk))


def last_event(customer: Customer) -> Any:
    return Event.objects.filter(customer=customer).order_by("seq").last()


@pytest.mark.parametrize(
    "query",
    [
        "q=sofa ready",
        "q=John Doe",
        "q=wamid.9",
        "status=failed",
        "direction=outbound",
        "type=text",
        "error=131047",
        "error=any",
        "status=failed&error=131047&q=John",
    ],
)
def test_is_found(desk: Client, message: Message, query: str) -> None:
    assert "Your sofa is ready" in desk.get(f"{MESSAGES}?{query}").content.decode()


@pytest.mark.parametrize("query", ["q=table", "status=sent", "error=not_sent", "error=1", "owner=none", "type=image"])
def test_is_not_found_by_anything_else(desk: Client, message: Message, query: str) -> None:
    assert "Your sofa is ready" not in desk.get(f"{MESSAGES}?{query}").content.decode()


def test_is_found_by_number_owner_phone_id_and_day(
    desk: Client, message: Message, customer: Customer, owner: User
) -> None:
    day = timezone.localtime(message.ordered_at)
    for query in (
        f"business_number__id__exact={message.business_number_id}",
        f"owner={owner.pk}",
        f"q={customer.phone}",
        f"q={customer.customer_id}",
        f"q={message.pk}",
        f"ordered_at__year={day.year}&ordered_at__month={day.month}&ordered_at__day={day.day}",
    ):
        assert "Your sofa is ready" in desk.get(MESSAGES, _data(query)).content.decode(), query


def _data(query: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in query.split("&"))


def test_its_page_says_what_became_of_it(desk: Client, message: Message) -> None:
    page = desk.get(f"{MESSAGES}{message.pk}/change/").content.decode()

    for shown in ("Your sofa is ready", "More than 24 hours (131047)", "Use a template.", "wamid.9", "Send again"):
        assert shown in page, shown


def test_it_names_who_sent_it_as_everybody_knows_them(desk: Client, message: Message, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(first_name="Sam", last_name="Silva")
    assert re.search(r'class="field-writer"[^>]*>Sam Silva<', desk.get(MESSAGES).content.decode())
    page = desk.get(f"{MESSAGES}{message.pk}/change/").content.decode()
    assert re.search(r'field-writer.*?<div class="readonly">Sam Silva<', page, re.DOTALL)


def test_a_search_says_how_much_it_found(desk: Client, message: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Show all" not in desk.get(MESSAGES).content.decode()
    found = " ".join(desk.get(f"{MESSAGES}?q=sofa").content.decode().split())
    assert '"small quiet">1 result (<a href="?">Show all</a>)' in found
    monkeypatch.setattr(RoughPaginator, "MOST", 1)
    Message.objects.create(
        customer=message.customer, business_number=message.business_number, direction="outbound", text="A red sofa"
    )
    assert '"small quiet">more than 1 result (' in desk.get(f"{MESSAGES}?q=sofa").content.decode()


def test_a_deleted_one_shows_nothing_of_what_it_said(desk: Client, message: Message) -> None:
    Message.objects.update(deleted_at=timezone.now(), payload={"text": "secret"})

    for path in (MESSAGES, f"{MESSAGES}{message.pk}/change/", f"{MESSAGES}?q=sofa"):
        page = desk.get(path).content.decode()
        assert "Your sofa" not in page
        assert "secret" not in page


def test_sending_it_again(desk: Client, admin: User, customer: Customer, message: Message) -> None:
    assert "Failed and uncertain messages go out again" in ask(desk, MESSAGES, "retry", [message])
    assert status_of(message) == "failed"

    assert "1 queued again" in confirm(desk, MESSAGES, "retry", [message])

    assert status_of(message) == "queued"
    event = last_event(customer)
    assert (event.type, event.data["status"], event.actor) == ("message_status", "queued", admin)


def test_what_cannot_be_sent_again_says_why(desk: Client, customer: Customer, message: Message) -> None:
    Message.objects.update(status="delivered")
    before = customer.events.count()

    assert "this one is delivered" in confirm(desk, MESSAGES, "retry", [message])

    assert status_of(message) == "delivered"
    assert customer.events.count() == before


@pytest.mark.parametrize(("action", "becomes"), [("was_sent", "sent"), ("was_not_sent", "failed")])
def test_settling_an_uncertain_one(
    desk: Client, admin: User, customer: Customer, message: Message, action: str, becomes: str
) -> None:
    Message.objects.update(status="uncertain", error=None, wamid=None)

    confirm(desk, MESSAGES, action, [message])

    message.refresh_from_db()
    assert message.status == becomes
    assert (message.error or {}).get("code") == (None if becomes == "sent" else "not_sent")
    event = last_event(customer)
    assert (event.type, event.data["status"], event.actor) == ("message_status", becomes, admin)
    entry = AuditEntry.objects.get(verb="message_settled")
    assert (entry.actor, entry.customer_id, entry.object_id) == (admin, customer.pk, str(message.pk))
    if becomes == "failed":
        assert "1 queued again" in confirm(desk, MESSAGES, "retry", [message])


@pytest.mark.parametrize("status", ["queued", "sending", "sent", "failed", "delivered", "read"])
def test_only_an_uncertain_one_is_settled(desk: Client, customer: Customer, message: Message, status: str) -> None:
    Message.objects.update(status=status)
    before = customer.events.count()

    page = confirm(desk, MESSAGES, "was_sent", [message])

    assert f"this one is {status}" in page
    assert status_of(message) == status
    assert customer.events.count() == before


def test_a_settled_reaction_that_was_not_sent_is_taken_off(desk: Client, customer: Customer, message: Message) -> None:
    reaction = Message.objects.create(
        customer=customer, business_number=message.business_number, direction="outbound", type="reaction",
        status="uncertain", reply_to=message, payload={"emoji": "👍"},
    )  # fmt: skip
    entry = {"emoji": "👍", "from": "business", "at": "2026-01-01T00:00:00Z", "message": reaction.pk}
    Message.objects.filter(pk=message.pk).update(reactions=[entry])

    confirm(desk, MESSAGES, "was_not_sent", [reaction])

    message.refresh_from_db()
    assert message.reactions == []


def test_nothing_is_changed_by_hand(desk: Client, message: Message) -> None:
    assert desk.get(f"{MESSAGES}add/").status_code == 403
    assert desk.post(f"{MESSAGES}{message.pk}/change/", {"status": "read"}).status_code == 403
    assert desk.post(f"{MESSAGES}{message.pk}/delete/", {"post": "yes"}).status_code == 403
    assert status_of(message) == "failed"


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ({"status": "failed"}, ["retry"]),
        ({"status": "uncertain"}, ["retry", "was_sent", "was_not_sent"]),
        ({"status": "read"}, []),
        ({"status": "received", "direction": "inbound", "error": None}, []),
    ],
)
def test_its_page_offers_what_can_be_done(
    desk: Client, message: Message, changes: dict[str, Any], offered: list[str]
) -> None:
    Message.objects.filter(pk=message.pk).update(**changes)
    page = desk.get(f"{MESSAGES}{message.pk}/change/").content.decode()
    assert re.findall(r'name="action" value="(\w+)"', page) == offered
