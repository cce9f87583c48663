"""DELETE /api/contacts/{id}/"""

from typing import Any

import pytest

from contacts.models import Contact
from customers.models import Event
from tests.contacts.expected import NO_CONTACT, NOT_SIGNED_IN, snapshot


@pytest.mark.parametrize("client", ["as_admin", "as_owner", "as_customer"])
def test_it_works(request: Any, contact: Any, client: str) -> None:
    response = request.getfixturevalue(client).delete(f"/api/contacts/{contact.pk}/")
    assert response.status_code == 200
    assert response.json() == {"success": True, "message": "Contact deleted successfully"}
    assert not Contact.objects.exists()
    assert Event.objects.filter(customer=contact.customer_id, type="customer_updated").count() == 2


def test_no_other_becomes_primary(as_owner: Any, customer: Any, contact: Any, new_contact: Any) -> None:
    new_contact(customer, 1)
    as_owner.delete(f"/api/contacts/{contact.pk}/")
    assert not Contact.objects.get().is_primary


def test_it_is_gone_only_once(as_owner: Any, contact: Any) -> None:
    as_owner.delete(f"/api/contacts/{contact.pk}/")
    response = as_owner.delete(f"/api/contacts/{contact.pk}/")
    assert response.status_code == 404
    assert response.json() == NO_CONTACT


def test_nobody_else_can(as_stranger: Any, anonymous: Any, contact: Any) -> None:
    before = snapshot()
    for pk in (contact.pk, 99999):
        response = as_stranger.delete(f"/api/contacts/{pk}/")
        assert response.status_code == 404
        assert response.json() == NO_CONTACT
    response = anonymous.delete(f"/api/contacts/{contact.pk}/")
    assert response.status_code == 401
    assert response.json() == NOT_SIGNED_IN
    assert snapshot() == before


def test_contacts_go_with_their_customer(as_admin: Any, contact: Any) -> None:
    assert as_admin.delete(f"/api/customers/{contact.customer_id}/").status_code == 204
    assert not Contact.objects.exists()
