"""GET /api/desk/counts/"""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer
from messaging.models import BusinessNumber, Conversation

URL = "/api/desk/counts/"
ZERO = dict.fromkeys(("open", "waiting", "unread", "snoozed", "closed", "closing_soon", "unassigned"), 0)


def chat(owner: User | None, **fields: Any) -> Conversation:
    number = BusinessNumber.objects.get_or_create(external_id="1")[0]
    return Conversation.objects.create(customer=Customer.objects.create(owner=owner), business_number=number, **fields)


@pytest.mark.django_db
class TestCounts:
    @pytest.fixture
    def chats(self, owner: User, stranger: User) -> None:
        now = timezone.now()
        late, early, gone = (now - timedelta(hours=hours) for hours in (23, 1, 25))
        chat(owner)
        chat(owner, unread_count=2)
        chat(owner, waiting_since=late, last_inbound_at=late)
        chat(owner, waiting_since=early, last_inbound_at=early)
        chat(owner, waiting_since=gone, last_inbound_at=gone, unread_count=1)
        chat(owner, state="closed", waiting_since=late, last_inbound_at=late, unread_count=3)
        chat(owner, state="snoozed", snoozed_until=now, unread_count=3)
        chat(stranger, unread_count=1)
        chat(None, state="closed")
        merged = chat(None)
        Customer.objects.filter(pk=merged.customer_id).update(merged_into=chat(stranger).customer_id)

    def test_everybody_counts_their_own(
        self, as_owner: APIClient, as_stranger: APIClient, as_admin: APIClient, chats: None
    ) -> None:
        mine = {"open": 5, "waiting": 3, "unread": 2, "snoozed": 1, "closed": 1, "closing_soon": 1, "unassigned": 0}
        assert as_owner.get(URL).json() == mine
        assert as_stranger.get(URL).json() == {**ZERO, "open": 2, "unread": 1}
        everything = {**mine, "open": 7, "unread": 3, "closed": 2, "unassigned": 1}
        assert as_admin.get(URL).json() == everything

    def test_it_is_one_statement(
        self, as_owner: APIClient, chats: None, django_assert_num_queries: Any, settings: Any
    ) -> None:
        settings.CLOSING_SOON_MINUTES = 10
        with django_assert_num_queries(2):  # with the session
            assert as_owner.get(URL).json()["closing_soon"] == 0

    def test_lists_agree(self, as_owner: APIClient, chats: None) -> None:
        counts = as_owner.get(URL).json()
        for name, query in {
            "open": "state=open",
            "waiting": "waiting=true",
            "unread": "state=open&has_unread=true",
            "closed": "state=closed",
            "closing_soon": "waiting=true&window_closes_within=120",
        }.items():
            assert as_owner.get(f"/api/customers/?{query}").json()["count"] == counts[name], name
