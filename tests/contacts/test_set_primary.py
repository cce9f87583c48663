"""POST /api/contacts/{id}/set-primary/"""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from contacts.models import Contact
from customers.models import Event
from tests.contacts.expected import NO_CONTACT, NOT_SIGNED_IN, failure, shown, snapshot


def url(contact: Any) -> str:
    return f"/api/contacts/{contact.pk}/set-primary/"


@pytest.mark.parametrize("client", ["as_admin", "as_owner", "as_customer"])
def test_it_works(request: Any, customer: Any, contact: Any, new_contact: Any, client: str) -> None:
    second = new_contact(customer, 1)
    response = request.getfixturevalue(client).post(url(second))
    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "message": "Contact set as primary successfully",
        "data": shown(second),
    }
    assert second.is_primary
    contact.refresh_from_db()
    assert not contact.is_primary
    assert Event.objects.filter(customer=customer, type="customer_updated").count() == 3


def test_once_more_changes_nothing(as_owner: Any, contact: Any) -> None:
    before = snapshot()
    assert as_owner.post(url(contact)).status_code == 200
    assert snapshot() == before


def test_other_customers_keep_theirs(
    as_admin: Any, customer: Any, contact: Any, other_customer: Any, new_contact: Any
) -> None:
    foreign = new_contact(other_customer, 5, is_primary=True)
    as_admin.post(url(new_contact(customer, 1)))
    foreign.refresh_from_db()
    assert foreign.is_primary


def test_an_inactive_contact_may_be_primary(as_owner: Any, customer: Any, contact: Any, new_contact: Any) -> None:
    passive = new_contact(customer, 1, is_active=False)
    data = as_owner.post(url(passive)).json()["data"]
    assert (data["is_primary"], data["is_active"]) == (True, False)


def test_nobody_else_can(as_stranger: Any, anonymous: Any, customer: Any, contact: Any, new_contact: Any) -> None:
    second = new_contact(customer, 1)
    before = snapshot()
    for path in (url(second), "/api/contacts/99999/set-primary/"):
        response = as_stranger.post(path)
        assert response.status_code == 404
        assert response.json() == NO_CONTACT
    response = anonymous.post(url(second))
    assert response.status_code == 401
    assert response.json() == NOT_SIGNED_IN
    assert snapshot() == before


def test_looking_is_not_setting(as_owner: Any, contact: Any) -> None:
    response = as_owner.get(url(contact))
    assert response.status_code == 405
    assert response.json() == failure('Method "GET" not allowed.')


def test_the_table_itself_takes_one_primary_only(customer: Any, contact: Any, new_contact: Any) -> None:
    second = new_contact(customer, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.filter(pk=second.pk).update(is_primary=True)
