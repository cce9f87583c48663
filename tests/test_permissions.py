"""The permission matrix: every endpoint of the API for everybody of the cast.

The routes come from the resolver, so an endpoint without a row fails here. Writes are sent with an empty body:
400 then says that the caller got past the permissions.
"""

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from drf_yasg.generators import EndpointEnumerator

from accounts.models import User
from contacts.models import Contact
from customer_data.models import CustomerData
from customers.actions.addresses import create_address
from customers.actions.assignments import assign
from customers.actions.locking import lock
from customers.actions.purchases import wish, write_review
from customers.models import Customer, CustomerGroup
from messaging.actions.receiving import receive_message
from messaging.channels import Inbound
from messaging.models import BusinessNumber, Message
from tags.models import Tag

ROLES = ("anonymous", "customer", "owner", "stranger", "admin")

# What each of ROLES gets: anonymous, the customer, their salesperson, another salesperson, an admin.
MATRIX = {
    "POST /api/auth/login/": "400 400 400 400 400",
    "POST /api/auth/refresh/": "400 400 400 400 400",
    "POST /api/auth/logout/": "400 400 400 400 400",
    "GET /api/auth/me/": "401 200 200 200 200",
    "POST /api/auth/ws-ticket/": "401 200 200 200 200",
    "GET /api/users/": "401 403 403 403 200",
    "POST /api/users/": "401 403 403 403 400",
    "GET /api/users/{user}/": "401 403 403 403 200",
    "PUT /api/users/{user}/": "401 403 403 403 200",
    "PATCH /api/users/{user}/": "401 403 403 403 200",
    "DELETE /api/users/{user}/": "401 403 403 403 204",
    "GET /api/templates/": "401 403 200 200 200",
    "GET /api/webhook/": "403 403 403 403 403",
    "POST /api/webhook/": "401 401 401 401 401",
    "GET /api/messages/": "401 403 200 200 200",
    "POST /api/messages/": "401 403 400 400 400",
    "GET /api/messages/{message}/": "401 403 200 404 200",
    "POST /api/messages/{message}/retry/": "401 403 409 404 409",
    "POST /api/messages/{message}/fetch-media/": "401 403 409 404 409",
    "GET /api/messages/{message}/statuses/": "401 403 200 404 200",
    "GET /api/customers/": "401 403 200 200 200",
    "POST /api/customers/": "401 403 400 400 400",
    "GET /api/customers/{customer}/": "401 403 200 404 200",
    "PUT /api/customers/{customer}/": "401 403 200 404 200",
    "PATCH /api/customers/{customer}/": "401 403 200 404 200",
    "DELETE /api/customers/{customer}/": "401 403 403 403 204",
    "GET /api/customers/{customer}/messages/": "401 403 200 404 200",
    "POST /api/customers/{customer}/read/": "401 403 200 404 200",
    "GET /api/customers/{customer}/events/": "401 403 200 404 200",
    "GET /api/customers/{customer}/assignments/": "401 403 200 404 200",
    "GET /api/assignments/": "401 403 200 200 200",
    "POST /api/assignments/": "401 403 400 400 400",
    "GET /api/assignments/{assignment}/": "401 403 200 404 200",
    "DELETE /api/assignments/{assignment}/": "401 403 204 404 204",
    "POST /api/customers/register/": "400 400 400 400 400",
    "GET /api/customers/customers/": "401 403 403 403 200",
    "GET /api/customers/customers/me/": "401 200 404 404 404",
    "PUT /api/customers/customers/update_profile/": "401 200 404 404 404",
    "PATCH /api/customers/customers/update_profile/": "401 200 404 404 404",
    "POST /api/customers/customers/change_password/": "401 400 400 400 400",
    "POST /api/customers/customers/send_phone_code/": "401 200 404 404 404",
    "POST /api/customers/customers/verify_phone/": "401 400 404 404 404",
    "GET /api/customers/customers/{customer}/export/": "401 200 403 403 200",
    "GET /api/customers/customers/analytics/": "401 403 403 403 200",
    "GET /api/customers/customers/export/": "401 403 403 403 200",
    "GET /api/customers/customers/{customer}/": "401 200 200 404 200",
    "PUT /api/customers/customers/{customer}/": "401 200 403 403 200",
    "PATCH /api/customers/customers/{customer}/": "401 200 403 403 200",
    "DELETE /api/customers/customers/{customer}/": "401 403 403 403 204",
    "GET /api/customers/customers/{customer}/stats/": "401 200 200 404 200",
    "GET /api/customers/customers/{customer}/orders/": "401 200 200 404 200",
    "POST /api/customers/customers/{customer}/orders/": "401 403 403 403 400",
    "GET /api/customers/customers/{customer}/wishlist/": "401 200 200 404 200",
    "POST /api/customers/customers/{customer}/wishlist/": "401 400 403 403 400",
    "DELETE /api/customers/customers/{customer}/wishlist/{item}/": "401 204 403 403 204",
    "GET /api/customers/customers/{customer}/reviews/": "401 200 200 404 200",
    "POST /api/customers/customers/{customer}/reviews/": "401 400 403 403 400",
    "PUT /api/customers/customers/{customer}/reviews/{review}/": "401 200 403 403 200",
    "DELETE /api/customers/customers/{customer}/reviews/{review}/": "401 204 403 403 204",
    "GET /api/customers/customers/{customer}/loyalty/": "401 200 200 404 200",
    "POST /api/customers/customers/{customer}/verify/": "401 403 403 403 200",
    "POST /api/customers/customers/{customer}/make_vip/": "401 403 403 403 200",
    "POST /api/customers/customers/{customer}/update_loyalty_tier/": "401 403 403 403 200",
    "POST /api/customers/customers/{customer}/add_loyalty_points/": "401 403 403 403 400",
    "POST /api/customers/customers/{customer}/deactivate/": "401 200 403 403 200",
    "POST /api/customers/customers/{customer}/reactivate/": "401 403 403 403 200",
    "GET /api/customers/addresses/": "401 200 200 200 200",
    "POST /api/customers/addresses/": "401 400 403 403 400",
    "GET /api/customers/addresses/{address}/": "401 200 200 404 200",
    "PUT /api/customers/addresses/{address}/": "401 200 403 403 200",
    "PATCH /api/customers/addresses/{address}/": "401 200 403 403 200",
    "DELETE /api/customers/addresses/{address}/": "401 204 403 403 204",
    "POST /api/customers/addresses/{address}/set_default/": "401 200 403 403 200",
    "GET /api/customers/groups/": "401 200 200 200 200",
    "POST /api/customers/groups/": "401 403 403 403 400",
    "GET /api/customers/groups/{group}/": "401 200 200 200 200",
    "PUT /api/customers/groups/{group}/": "401 403 403 403 200",
    "PATCH /api/customers/groups/{group}/": "401 403 403 403 200",
    "DELETE /api/customers/groups/{group}/": "401 403 403 403 204",
    "GET /api/customers/groups/{group}/members/": "401 200 200 200 200",
    "GET /api/customers/groups/{group}/statistics/": "401 403 403 403 200",
    "POST /api/customers/groups/{group}/add_member/": "401 403 403 403 400",
    "POST /api/customers/groups/{group}/remove_member/": "401 403 403 403 400",
    "GET /api/contacts/": "401 200 200 200 200",
    "POST /api/contacts/": "401 400 400 400 400",
    "POST /api/contacts/bulk-create/": "401 400 400 400 400",
    "GET /api/contacts/stats/": "401 200 200 200 200",
    "GET /api/contacts/{contact}/": "401 200 200 404 200",
    "PUT /api/contacts/{contact}/": "401 200 200 404 200",
    "PATCH /api/contacts/{contact}/": "401 200 200 404 200",
    "DELETE /api/contacts/{contact}/": "401 200 200 404 200",
    "POST /api/contacts/{contact}/set-primary/": "401 200 200 404 200",
    "POST /api/contacts/{contact}/toggle-status/": "401 200 200 404 200",
    "GET /api/customers/{customer}/contacts/": "401 200 200 404 200",
    "GET /api/customers-with-contacts/": "401 200 200 200 200",
    "GET /api/message/customer-data/": "401 403 200 200 200",
    "POST /api/message/customer-data/": "401 403 400 400 400",
    "POST /api/message/customer-data/bulk-delete/": "401 403 400 400 400",
    # The entry is its owner's alone: an admin has entries of their own.
    "GET /api/message/customer-data/{data}/": "401 403 200 404 404",
    "PUT /api/message/customer-data/{data}/": "401 403 200 404 404",
    "PATCH /api/message/customer-data/{data}/": "401 403 200 404 404",
    "DELETE /api/message/customer-data/{data}/": "401 403 200 404 404",
    "GET /api/message/customer/{customer}/data/": "401 403 200 404 200",
    # Here a foreign customer is 403, a missing one 404.
    "GET /api/v1/msg/customer/{customer}/tags/": "401 403 200 403 200",
    "POST /api/v1/msg/customer/{customer}/tags/": "401 403 400 403 400",
    "PUT /api/v1/msg/customer/{customer}/tags/": "401 403 400 403 400",
    "DELETE /api/v1/msg/customer/{customer}/tags/": "401 403 400 403 400",
    "POST /api/v1/msg/customer/{customer}/tags/{tag}/": "401 403 200 403 200",
    # The customer lacks it.
    "DELETE /api/v1/msg/customer/{customer}/tags/{tag}/": "401 403 400 403 400",
    "GET /api/v1/msg/tags/": "401 403 200 200 200",
    "POST /api/v1/msg/tags/": "401 403 400 400 400",
    "POST /api/v1/msg/tags/bulk-delete/": "401 403 400 400 400",
    "GET /api/v1/msg/tags/{tag}/": "401 403 200 200 200",
    "PUT /api/v1/msg/tags/{tag}/": "401 403 400 403 400",
    "DELETE /api/v1/msg/tags/{tag}/": "401 403 200 403 200",
    "POST /api/v1/msg/tags/{tag}/customers/": "401 403 400 400 400",
}

# How the resolver spells the ids of a path, by the word before them.
_ID_AFTER = {
    "users": "user",
    "messages": "message",
    "customers": "customer",
    "customer": "customer",
    "assignments": "assignment",
    "contacts": "contact",
    "customer-data": "data",
    "tags": "tag",
    "addresses": "address",
    "groups": "group",
    "wishlist": "item",
    "reviews": "review",
}


def rows() -> list[str]:
    """Every endpoint, with its ids named after what they are ids of."""
    found = []
    for path, method, _ in EndpointEnumerator().get_api_endpoints():
        words = path.split("/")
        for index, word in enumerate(words):
            if word.startswith("{"):
                words[index] = f"{{{_ID_AFTER.get(words[index - 1], words[index - 1])}}}"
        found.append(f"{method} {'/'.join(words)}")
    return found


@pytest.fixture
def things(owner: User, stranger: User, customer: Customer, admin: User) -> dict[str, int]:
    """One of everything that has an id, all of it the owner's."""
    assignment = assign(customer_id=Customer.objects.create(owner=None).pk, salesperson=owner, actor=admin)
    number = BusinessNumber.objects.create(external_id="1")
    with transaction.atomic():
        inbound = Inbound(wamid="wamid.1", type="text", text="hi", at=timezone.now())
        message = receive_message(customer=lock(customer.pk), number=number, inbound=inbound)
    Message.objects.filter(pk=message).update(status="received")
    contact = Contact.objects.create(
        customer=customer, email="c@example.com", wa_number="+94771234568", tp_number="+94112345678"
    )
    data = CustomerData.objects.create(user=owner, customer=customer, key="birthday", value="1990-05-15")
    group = CustomerGroup.objects.create(name="Everybody")
    address = create_address(
        customer_id=customer.pk,
        actor=admin,
        address_type="billing",
        address_line1="1 Main St",
        city="Kandy",
        country="LK",
    )
    item, _ = wish(customer_id=customer.pk, actor=admin, product_id="p1", name="A chair")
    review = write_review(customer_id=customer.pk, actor=admin, product_id="p1", rating=5)
    return {
        "group": group.pk,
        "address": address.pk,
        "item": item.pk,
        "review": review.pk,
        "user": stranger.pk,
        "customer": customer.pk,
        "message": message or 0,
        "assignment": assignment.pk,
        "contact": contact.pk,
        "data": data.pk,
        "tag": Tag.objects.create(name="VIP", created_by=owner).pk,
    }


@pytest.fixture
def client_as(request: pytest.FixtureRequest) -> Any:
    names = {"anonymous": "anonymous", **{role: f"as_{role}" for role in ROLES[1:]}}
    return lambda role: request.getfixturevalue(names[role])


def test_every_endpoint_has_a_row() -> None:
    missing = set(rows()) ^ set(MATRIX)
    assert not missing, f"add a row to MATRIX, or take one out: {sorted(missing)}"


@pytest.mark.parametrize("row", MATRIX)
def test_the_matrix(row: str, things: dict[str, int], client_as: Any) -> None:
    """One row for all of the cast: making the things takes longer than asking for them."""
    method, path = row.format(**things).split()
    answers = []
    for client in [client_as(role) for role in ROLES]:
        with transaction.atomic():
            body = b"{}" if method != "GET" else b""
            answers.append(client.generic(method, path, body, content_type="application/json").status_code)
            transaction.set_rollback(True)  # the next one finds what this one found
    assert dict(zip(ROLES, answers, strict=True)) == dict(zip(ROLES, map(int, MATRIX[row].split()), strict=True))


@pytest.mark.parametrize("row", [row for row in MATRIX if "{" in row and " 404 " in MATRIX[row]])
def test_foreign_and_missing_look_the_same(row: str, things: dict[str, int], as_stranger: Any) -> None:
    answers = []
    for ids in (things, dict.fromkeys(things, 99_999_999)):
        method, path = row.format(**ids).split()
        response = as_stranger.generic(method, path, b"{}" if method != "GET" else b"", content_type="application/json")
        answers.append((response.status_code, response.content))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
