"""Who wants no marketing, said to WhatsApp or learned from a message that was held back."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from core.timestamps import from_epoch, iso
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


def test_the_row_and_the_profile_say_so(post: Any, as_admin: APIClient) -> None:
    post(says(text("wamid.1", wa_id=WA_ID)))
    customer = Customer.objects.get()
    paths = (f"/api/customers/{customer.pk}/", f"/api/customers/customers/{customer.pk}/")

    def shown() -> list[Any]:
        rows = [*(as_admin.get(path).json() for path in paths), as_admin.get("/api/customers/").json()["results"][0]]
        return [row["marketing"] for row in rows]

    assert shown() == [{"whatsapp": None, "since": None}] * 3
    before = Customer.objects.get().last_seq
    post(payload("preference_stop"))
    assert shown() == [{"whatsapp": False, "since": said_at("preference_stop")}] * 3
    post(payload("preference_resume"))
    post(payload("preference_stop"))  # the older one again
    assert shown() == [{"whatsapp": True, "since": said_at("preference_resume")}] * 3
    assert Customer.objects.get().last_seq == before + 2  # one event for each that is news


def test_a_merge_keeps_who_stopped(post: Any, as_admin: APIClient) -> None:
    post(says(text("wamid.1", wa_id=WA_ID)))
    gone, into = Customer.objects.get(), Customer.objects.create(first_name="Jane")
    post(payload("preference_stop"))
    merge = as_admin.post(f"/api/customers/{gone.pk}/merge/", {"into": into.pk}).json()["merge"]
    assert as_admin.get(f"/api/customers/{into.pk}/").json()["marketing"]["whatsapp"] is False
    as_admin.post(f"/api/customers/merges/{merge}/undo/")
    assert as_admin.get(f"/api/customers/{into.pk}/").json()["marketing"]["whatsapp"] is None
    assert as_admin.get(f"/api/customers/{gone.pk}/").json()["marketing"]["whatsapp"] is False


def said_at(name: str) -> str:
    [said] = payload(name)["entry"][0]["changes"][0]["value"]["user_preferences"]
    return iso(from_epoch(said["timestamp"]))
