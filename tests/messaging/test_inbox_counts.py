"""The counts of the desk on the inbox socket."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer

URL = "/api/desk/counts/"
ZERO = dict.fromkeys(("open", "waiting", "unread", "snoozed", "closed", "closing_soon", "unassigned"), 0)


@pytest.mark.django_db(transaction=True)
def test_the_inbox_says_so_when_they_change(
    open_socket: Any, token_of: Any, owner: User, stranger: User, customer: Customer, says: Any, as_owner: APIClient
) -> None:
    mine, foreign = (open_socket("/ws/inbox/", token_of(user)) for user in (owner, stranger))
    assert mine.read_type("counts")["data"] == foreign.read_type("counts")["data"] == ZERO
    for _ in range(3):
        says(customer)
    said = mine.read_type("counts")
    assert said["data"] == {**ZERO, "open": 1, "waiting": 1, "unread": 1} == as_owner.get(URL).json()
    assert "seq" not in said
    as_owner.patch(f"/api/customers/{customer.pk}/", {"notes": "nothing that counts"})
    assert mine.read()["type"] == "chat"
    assert mine.silent(1.5)
    assert foreign.silent()
