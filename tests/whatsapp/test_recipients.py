"""To which of a customer's addresses a message goes."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Customer
from messaging.channels import Rejected
from messaging.models import BusinessNumber, Message
from tests.webhooks import says, text
from whatsapp.channel import WhatsApp
from whatsapp.graph.recipients import recipient_of
from whatsapp.models import Identity

pytestmark = pytest.mark.django_db

OLD, NEW = "94771234567", "94770000001"


def sent_to(customer: Customer, type: str = "text") -> str | None:
    customer.refresh_from_db()
    message = Message(customer=customer, business_number=BusinessNumber.objects.get(), type=type)
    return recipient_of(message)["to"]


def staff_enter(customer: Customer, phone: str = f"+{NEW}", ago: timedelta = timedelta(0)) -> None:
    Customer.objects.filter(pk=customer.pk).update(phone=phone, phone_vouched_at=timezone.now() - ago)


def wrote(post: Any, ago: timedelta, wa_id: str = OLD) -> None:
    post(says(text(f"wamid.{ago}.{wa_id}", wa_id=wa_id, at=int(time.time() - ago.total_seconds()))))


def test_within_the_window_whoever_wrote_last_is_answered(post: Any, customer: Customer) -> None:
    wrote(post, timedelta(hours=1))
    staff_enter(customer)
    assert sent_to(customer) == OLD
    assert sent_to(customer, "template") == NEW, "a template answers nobody"


def test_everything_else_goes_to_the_phone_that_staff_entered(post: Any, customer: Customer) -> None:
    wrote(post, timedelta(hours=30))
    staff_enter(customer)
    assert sent_to(customer) == sent_to(customer, "template") == NEW


def test_a_phone_they_wrote_from_since_counts_more(post: Any, customer: Customer) -> None:
    staff_enter(customer, ago=timedelta(hours=40))
    wrote(post, timedelta(hours=30), wa_id=NEW)
    Customer.objects.update(phone_vouched_at=timezone.now() - timedelta(hours=50), phone="+94775555555")
    assert sent_to(customer, "template") == NEW


def test_a_phone_without_a_vouching_changes_nothing(post: Any, customer: Customer) -> None:
    wrote(post, timedelta(hours=30))
    Customer.objects.update(phone=f"+{NEW}")
    assert sent_to(customer, "template") == OLD


def test_who_never_wrote_is_written_to_at_the_phone(number: BusinessNumber, customer: Customer) -> None:
    assert sent_to(customer, "template") == OLD
    staff_enter(customer)
    assert sent_to(customer, "template") == NEW


@pytest.mark.parametrize("vouched_at", [None, timezone.now() + timedelta(days=1)])
def test_a_phone_that_is_not_trusted_is_never_written_to(
    number: BusinessNumber, customer: Customer, vouched_at: Any
) -> None:
    Customer.objects.update(phone_trusted=False, phone_vouched_at=vouched_at, pending_phone=f"+{NEW}")
    with pytest.raises(Rejected, match="no_address"):
        sent_to(customer, "template")


def test_the_phone_goes_out_as_whatsapp_spells_it(post: Any, customer: Customer) -> None:
    Customer.objects.update(phone="+5511987654321")
    wrote(post, timedelta(hours=30), wa_id="551187654321")
    staff_enter(customer, "+5511987654321")
    assert sent_to(customer, "template") == "551187654321"


def test_a_phone_that_somebody_else_writes_from(post: Any, customer: Customer, django_assert_num_queries: Any) -> None:
    wrote(post, timedelta(hours=1), wa_id="551187654321")
    other = Customer.objects.get(phone="+551187654321")
    belongs = WhatsApp.phone_belongs_to_other
    for phone in ("+551187654321", "+5511987654321"):
        with django_assert_num_queries(1):
            assert belongs(phone=phone, customer_id=customer.pk)
        assert belongs(phone=phone, customer_id=None)
        assert not belongs(phone=phone, customer_id=other.pk)
    assert not belongs(phone="+94779999999", customer_id=None)
    Identity.objects.update(detached_at=timezone.now())
    assert not belongs(phone="+551187654321", customer_id=customer.pk)


def test_whose_chat_is_proved(post: Any, customer: Customer) -> None:
    """Ids that were seen with the proved phone are the customer's; others may be anybody's."""
    proved = WhatsApp.senders_proved
    for count, user_id in enumerate(("LK.One", "LK.Two")):
        post(says(text(f"wamid.{count}") | {"from_user_id": user_id}))
    assert Identity.objects.count() == 2
    customer.refresh_from_db()
    assert not proved(customer)
    customer.phone_verified = True
    assert proved(customer)
    customer.phone_trusted = False
    assert not proved(customer)
    customer.phone_trusted = True
    number = BusinessNumber.objects.get()
    hidden = Identity.objects.create(customer=customer, business_number=number, user_id="LK.Three")
    assert not proved(customer)
    Identity.objects.filter(pk=hidden.pk).update(detached_at=timezone.now())
    assert not proved(customer), "what they wrote is still in the chat"
    hidden.delete()
    assert proved(customer)
