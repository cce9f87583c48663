"""Who wants no marketing, said to WhatsApp or learned from a message that was held back."""

from typing import Any

import pytest

from customers.models import Customer
from messaging.models import BusinessNumber
from tests.webhooks import payload, says, text
from whatsapp.marketing import stopped_marketing
from whatsapp.models import Identity, WebhookEvent

pytestmark = pytest.mark.django_db

WA_ID = "16505551234"


def stopped() -> bool:
    number, customer = BusinessNumber.objects.get(), Customer.objects.get()
    return stopped_marketing(customer_id=customer.pk, number_id=number.pk)


def test_a_stop_is_kept_until_it_is_taken_back(post: Any) -> None:
    post(says(text("wamid.1", wa_id=WA_ID)))
    assert not stopped()
    post(payload("preference_stop"))
    assert stopped()
    post(payload("preference_resume"))
    assert not stopped()
    post(payload("preference_stop"))  # the older one again
    assert not stopped()
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"done"}


def test_a_message_held_back_for_it_says_so_too(post: Any) -> None:
    post(says(text("wamid.1", wa_id=WA_ID)))
    post(payload("status_opted_out"))
    assert stopped()


def test_who_never_wrote_may_stop_too(post: Any) -> None:
    Customer.objects.create(phone=f"+{WA_ID}")
    post(payload("status_opted_out"))
    assert stopped()
    assert Identity.objects.get().wa_id == WA_ID


def test_of_a_stranger_nothing_is_kept(post: Any) -> None:
    post(payload("preference_stop"))
    assert not Identity.objects.exists()
    assert not Customer.objects.exists()
