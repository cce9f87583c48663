"""POST /api/contacts/{id}/toggle-status/"""

from typing import Any

import pytest

from customers.models import Event
from tests.contacts.expected import NO_CONTACT, NOT_SIGNED_IN, shown, snapshot


def url(contact: Any) -> str:
    return f"/api/contacts/{contact.pk}/toggle-status/"


@pytest.mark.parametrize("client", ["as_admin", "as_owner", "as_customer"])
def test_it_works(request: Any, contact: Any, client: str) -> None:
    for active, done in ((False, "deactivated"), (True, "activated")):
        response = request.getfixturevalue(client).post(url(contact))
        assert response.status_code == 200
        assert response.json() == {
            "success": True,
            "message": f"Contact {done} successfully",
            "data": shown(contact),
        }
        assert contact.is_active is active
        assert contact.is_primary
    assert Event.objects.filter(customer=contact.customer_id, type="customer_updated").count() == 3


def test_nobody_else_can(as_stranger: Any, anonymous: Any, contact: Any) -> None:
    before = snapshot()
    for path in (url(contact), "/api/contacts/99999/toggle-status/"):
        response = as_stranger.post(path)
        assert response.status_code == 404
        assert response.json() == NO_CONTACT
    response = anonymous.post(url(contact))
    assert response.status_code == 401
    assert response.json() == NOT_SIGNED_IN
    assert snapshot() == before
