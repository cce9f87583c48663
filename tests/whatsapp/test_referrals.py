"""The advertisement a customer came from, kept on the message and on the customer."""

from typing import Any

import pytest

from customers.models import Customer
from messaging.models import Message
from tests.webhooks import says, text

pytestmark = pytest.mark.django_db


def from_ad(wamid: str, source_id: str, at: int) -> dict[str, Any]:
    return text(wamid, at=at) | {"referral": {"source_type": "ad", "source_id": source_id, "ctwa_clid": "Aff-1"}}


def touches() -> tuple[Any, Any]:
    customer = Customer.objects.get()
    return customer.referral_first["source_id"], customer.referral_last["source_id"]


def test_first_and_last_touch(post: Any) -> None:
    post(says(from_ad("wamid.1", "A", 1763700000)))
    assert touches() == ("A", "A")
    post(says(text("wamid.2", at=1763700050)))
    post(says(from_ad("wamid.3", "B", 1763700100)))
    assert touches() == ("A", "B")
    post(says(from_ad("wamid.4", "C", 1763699000)))  # held back by Meta
    assert touches() == ("C", "B")
    assert Customer.objects.get().referral_first["at"] == "2025-11-21T04:23:20Z"
    assert Message.objects.get(wamid="wamid.1").payload["referral"]["ctwa_clid"] == "Aff-1"


def test_a_redelivery_changes_nothing(post: Any) -> None:
    post(says(from_ad("wamid.1", "A", 1763700000)))
    before = Customer.objects.values().get()
    post(says(from_ad("wamid.1", "A", 1763700000)))
    assert Customer.objects.values().get() == before
    seqs = list(Customer.objects.get().events.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))
