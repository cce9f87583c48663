"""The chat is handed over, or its customer erased, after the rights were checked and before the action's lock."""

from typing import Any

import pytest

from customers.actions import locking
from customers.models import Customer, Event
from messaging.models import Conversation, Message


@pytest.fixture(params=["handed over", "erased"])
def lost(request: Any, monkeypatch: pytest.MonkeyPatch, as_admin: Any, customer: Any, stranger: Any) -> Any:
    """Return a function that makes the chat go just before an action locks its customer."""

    def go() -> None:
        if request.param == "erased":
            assert as_admin.delete(f"/api/customers/{customer.pk}/").status_code == 204
        else:
            body = {"customer": customer.pk, "salesperson": stranger.pk}
            assert as_admin.post("/api/assignments/", body).status_code == 201

    def arm() -> None:
        locked = locking._locked

        def locked_later(*asked: Any, **values: Any) -> Any:
            monkeypatch.setattr(locking, "_locked", locked)
            go()
            return locked(*asked, **values)

        monkeypatch.setattr(locking, "_locked", locked_later)

    return arm


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "retry/", "fetch-media/", "read/"])
def test_rights_are_asked_again_under_the_lock(
    lost: Any, as_owner: Any, customer: Any, says: Any, number: Any, path: str
) -> None:
    says(customer, "hello?")
    sent = Message.objects.create(
        customer=customer, business_number=number, direction="outbound", status="failed", type="text", text="x"
    )
    unread = Conversation.objects.get().unread_count
    lost()

    if path == "read/":
        answer = as_owner.post(f"/api/customers/{customer.pk}/read/")
    else:
        answer = as_owner.post(f"/api/messages/{sent.pk}/{path}" if path else "/api/messages/", _body(customer))

    if path:
        assert (answer.status_code, answer.json()["detail"]) == (404, "Not found.")
    else:  # the customer is a field of the body
        no_such = f'Invalid pk "{customer.pk}" - object does not exist.'
        assert (answer.status_code, answer.json()) == (400, {"customer": [no_such]})
    if Customer.objects.filter(pk=customer.pk).exists():
        assert Message.objects.count() == 2
        assert Message.objects.get(pk=sent.pk).status == "failed"
        assert Conversation.objects.get().unread_count == unread
        assert set(Event.objects.values_list("type", flat=True)) <= {"chat_message", "assignment_changed"}


def _body(customer: Any) -> dict[str, Any]:
    return {"customer": customer.pk, "text": "hi"}
