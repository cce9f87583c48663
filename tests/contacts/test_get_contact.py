"""GET /api/contacts/{id}/"""

from typing import Any

import pytest

from tests.contacts.expected import NO_CONTACT, NOT_SIGNED_IN, shown


@pytest.mark.parametrize("client", ["as_admin", "as_owner", "as_customer"])
def test_it_works(request: Any, contact: Any, client: str) -> None:
    response = request.getfixturevalue(client).get(f"/api/contacts/{contact.pk}/")
    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "message": "Contact retrieved successfully",
        "data": shown(contact),
    }


def test_it_hides_from_a_stranger(as_stranger: Any, contact: Any) -> None:
    for pk in (contact.pk, 99999, 10**18, 10**40):
        response = as_stranger.get(f"/api/contacts/{pk}/")
        assert response.status_code == 404
        assert response.json() == NO_CONTACT


def test_it_needs_a_sign_in(anonymous: Any, contact: Any) -> None:
    response = anonymous.get(f"/api/contacts/{contact.pk}/")
    assert response.status_code == 401
    assert response.json() == NOT_SIGNED_IN
