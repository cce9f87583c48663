"""People share their own number because we asked for it."""

from typing import Any

import pytest

from accounts.models import User
from contacts.models import Contact
from customers.models import Customer
from messaging.models import Message
from tests.webhooks import payload, says, text
from whatsapp.models import Identity, WebhookEvent

pytestmark = pytest.mark.django_db

WA_ID, PHONE, USER_ID = "15550001", "+15550001", "US.Ann1"


def hidden(wamid: str, at: int = 1763700000, **more: Any) -> dict[str, Any]:
    item = {**text(wamid, at=at), "from_user_id": USER_ID, **more}
    del item["from"]
    return item


def card(origin: str | None = "contact_request", **phone: str) -> dict[str, Any]:
    found: dict[str, Any] = {"phones": [phone or {"phone": "+1 555 0001", "wa_id": WA_ID}]}
    return found if origin is None else {**found, "origin": origin}


def shares(*cards: dict[str, Any], **more: Any) -> dict[str, Any]:
    item = hidden("wamid.shared", 1763700100, type="contacts", contacts=list(cards or [card()]), **more)
    return says(item)


@pytest.fixture
def ann(post: Any, owner: User) -> Customer:
    """A customer who wrote with the phone hidden."""
    post(says(hidden("wamid.1")))
    found: Customer = Message.objects.get(wamid="wamid.1").customer
    return found


def phone_of(customer: Customer) -> tuple[str | None, bool, bool]:
    customer.refresh_from_db()
    return customer.phone, customer.phone_trusted, customer.phone_verified


@pytest.mark.parametrize(
    ("cards", "more"),
    [
        ([card()], {}),
        ([card(None)], {"origin": "contact_request"}),
        ([card(phone="+1 555 0001")], {}),
        ([card(phone="555 0001", wa_id=WA_ID)], {}),
        ([card(), card()], {}),
    ],
)
def test_the_phone_is_proved(post: Any, ann: Customer, cards: Any, more: Any) -> None:
    post(shares(*cards, **more))
    assert phone_of(ann) == (PHONE, True, True)
    identity = Identity.objects.get()
    assert (identity.wa_id, identity.user_id, identity.shared_at is not None) == (WA_ID, USER_ID, True)
    assert Message.objects.get(wamid="wamid.shared").text in ("+1 555 0001", "555 0001", "+1 555 0001, +1 555 0001")

    post(says(text("wamid.2", wa_id=WA_ID)))
    assert Message.objects.filter(customer=ann).count() == 3
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}
    updates = ann.events.filter(type="customer_updated").order_by("seq")
    assert updates.last().data["phone"] == PHONE


@pytest.mark.parametrize(
    ("cards", "more"),
    [
        ([card("other")], {}),
        ([card(None)], {}),
        ([card(), card("other")], {}),
        ([card(), card(wa_id="15550002")], {}),
        ([card()], {"context": {"forwarded": True}}),
        ([card()], {"context": {"frequently_forwarded": True}}),
        ([card(phone="0771234567")], {}),
        ([{"origin": "contact_request"}], {}),
        ([{"origin": "contact_request", "phones": "x"}, 7], {}),
    ],
)
def test_any_other_card_proves_nothing(post: Any, ann: Customer, cards: Any, more: Any) -> None:
    post(shares(*cards, **more))
    assert phone_of(ann) == (None, True, False)
    assert Message.objects.filter(customer=ann).count() == 2
    assert Identity.objects.get().wa_id is None
    assert WebhookEvent.objects.latest("pk").state == "done"


def test_a_number_from_which_it_does_not_come_proves_nothing(post: Any, owner: User) -> None:
    post(says(text("wamid.1", wa_id="15559999")))
    ann = Customer.objects.get()
    item = {**text("wamid.2", wa_id="15559999"), "type": "contacts", "contacts": [card()]}
    post(says(item))
    assert phone_of(ann) == ("+15559999", True, False)


def test_the_number_from_which_it_comes_is_proved(post: Any) -> None:
    post(payload("contacts_shared_number"))
    assert phone_of(Customer.objects.get()) == ("+16505551234", True, True)


def test_a_redelivery_changes_nothing(post: Any, ann: Customer) -> None:
    post(shares())
    Customer.objects.update(phone="+15557777")
    post(shares())
    assert phone_of(ann)[0] == "+15557777"


class TestSomebodyElseHasIt:
    @pytest.fixture
    def other(self, post: Any) -> Customer:
        """A customer who wrote from the number, before ann did."""
        post(says(text("wamid.0", wa_id=WA_ID, at=1763600000)))
        found: Customer = Customer.objects.get()
        return found

    def test_both_become_one_and_the_older_chat_stays(self, post: Any, other: Customer, ann: Any) -> None:
        post(shares())
        assert Customer.objects.get() == other
        assert phone_of(other) == (PHONE, True, True)
        assert set(Message.objects.values_list("customer", flat=True)) == {other.pk}
        assert Identity.objects.filter(customer=other).values_list("wa_id", "user_id").get() == (WA_ID, USER_ID)
        post(says(hidden("wamid.2")))
        assert Message.objects.filter(customer=other).count() == 4
        assert list(other.webhook_events.order_by("pk")) == list(WebhookEvent.objects.order_by("pk"))

    def test_the_sender_may_have_the_older_chat(self, post: Any, ann: Customer) -> None:
        post(says(text("wamid.0", wa_id=WA_ID, at=1763700050)))
        post(shares())
        assert Customer.objects.get() == ann
        assert phone_of(ann) == (PHONE, True, True)
        assert Message.objects.filter(customer=ann).count() == 3

    def test_who_never_wrote_has_no_older_chat(self, post: Any, ann: Customer) -> None:
        Customer.objects.create(first_name="Noted", phone=PHONE)
        post(shares())
        assert Customer.objects.get() == ann
        assert phone_of(ann) == (PHONE, True, True)

    def test_a_login_keeps_its_phone(self, post: Any, ann: Customer, customer: Customer, customer_login: User) -> None:
        Customer.objects.filter(pk=customer.pk).update(phone=PHONE)
        post(shares())
        assert phone_of(ann) == (None, True, False)
        assert phone_of(customer)[0] == PHONE
        assert Identity.objects.get().wa_id is None
        assert WebhookEvent.objects.latest("pk").state == "done"

    def test_whose_phone_was_corrected_still_writes_from_it(self, post: Any, other: Customer, ann: Any) -> None:
        Customer.objects.filter(pk=other.pk).update(phone="+15557777")
        post(shares())
        assert Customer.objects.get() == other
        assert phone_of(other) == (PHONE, True, True)

    def test_a_contact_does_not_prove_the_customers_phone(self, post: Any, ann: Customer) -> None:
        """Whoever writes is one of the customer's contacts."""
        Contact.objects.create(customer=ann, email="c@example.com", wa_number=PHONE, tp_number=PHONE)
        post(shares())
        assert phone_of(ann) == (None, True, False)
