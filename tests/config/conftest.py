"""A database that cannot be reached; one of everything, and who calls."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from customers.actions.groups import add_member
from customers.models import Customer, CustomerGroup, Merge
from messaging.actions.sending import send_message
from messaging.models import Attachment, Message
from tags.actions.customer_tags import add_tag
from tags.models import Tag


@pytest.fixture
def get_without_database(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Request a path while every statement fails with a text that must not be shown."""

    def refuse(self: CursorWrapper, *args: Any) -> None:
        raise OperationalError("server at 10.1.2.3 with password hunter2 is gone")

    def get(path: str) -> Any:
        with monkeypatch.context() as broken:
            broken.setattr(connection, "close", lambda: None)  # the test's transaction lives on it
            broken.setattr(CursorWrapper, "execute", refuse)
            return client.get(path)

    return get


FAILURE = {
    "code": 131026,
    "title": "WhatsApp cannot deliver to this number.",
    "detail": "Message undeliverable",
    "retryable": False,
}


@pytest.fixture
def scene(things: dict[str, int], admin: User, owner: User, customer: Customer, customer_login: User) -> dict[str, Any]:
    """One of everything, and what some calls need beside."""
    failed, _ = send_message(customer_id=customer.pk, actor=owner, text="Our prices")
    Message.objects.filter(pk=failed.pk).update(status="failed", error=FAILURE)
    until = timezone.now() + timedelta(days=5)
    queued, _ = send_message(customer_id=customer.pk, actor=owner, text="See you tomorrow")
    photo = Message.objects.get(pk=things["message"])
    Attachment.objects.create(message=photo, state="failed", provider_id="m1", provider_until=until)
    worn = Tag.objects.create(name="Wholesale", created_by=owner)
    add_tag(customer_id=customer.pk, tag_id=worn.pk, actor=owner)
    member = Customer.objects.create(first_name="Mary", last_name="Major", owner=owner)
    add_member(group=CustomerGroup.objects.get(pk=things["group"]), customer_id=member.pk, actor=admin)
    claiming = Customer.objects.create(first_name="Ann", last_name="Lee", owner=owner, pending_phone="+94771235555")
    other = Customer.objects.create(first_name="Johnny", last_name="Doe", owner=owner, phone="+94771236666")
    gone = Merge.objects.get(pk=things["merge"]).gone_id
    named = {
        "owner": owner.pk,
        "failed": failed.pk,
        "queued": queued.pk,
        "photo": photo.pk,
        "worn": worn.pk,
        "member": member.pk,
    }
    return {**things, **named, "claiming": claiming.pk, "other": other.pk, "gone": gone}


@pytest.fixture
def callers(
    as_admin: APIClient, as_owner: APIClient, as_customer: APIClient, anonymous: APIClient
) -> dict[str, APIClient]:
    return {"admin": as_admin, "owner": as_owner, "customer": as_customer, "nobody": anonymous}
