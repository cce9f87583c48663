"""POST /api/customers/{id}/read/"""

from typing import Any

from customers.models import Event
from messaging.models import Message


def test_it_marks_everything_as_read(as_owner: Any, owner: Any, customer: Any, says: Any) -> None:
    says(customer)
    newest = says(customer)
    response = as_owner.post(f"/api/customers/{customer.pk}/read/")
    assert response.status_code == 200
    assert response.json() == {"customer": customer.pk, "unread_count": 0}
    customer.conversation.refresh_from_db()
    assert customer.conversation.unread_count == 0
    assert set(Message.objects.values_list("status", flat=True)) == {"read"}
    event = Event.objects.get(customer=customer, type="messages_read")
    assert event.data == {"up_to": newest, "unread_count": 0, "reader": {"id": owner.pk, "name": "Sam"}}
    as_owner.post(f"/api/customers/{customer.pk}/read/")
    assert Event.objects.filter(type="messages_read").count() == 1
    says(customer)
    customer.conversation.refresh_from_db()
    assert customer.conversation.unread_count == 1


def test_it_is_refused_to_others(as_stranger: Any, as_customer: Any, anonymous: Any, customer: Any, says: Any) -> None:
    says(customer)
    url = f"/api/customers/{customer.pk}/read/"
    assert as_stranger.post(url).status_code == 404
    assert as_stranger.post("/api/customers/99999/read/").status_code == 404
    assert as_customer.post(url).status_code == 403
    assert anonymous.post(url).status_code == 401
    customer.conversation.refresh_from_db()
    assert customer.conversation.unread_count == 1
    assert not Event.objects.filter(type="messages_read").exists()
