"""No road around the audit trail: every call that writes leaves an entry, which says who called, and from where."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditEntry, User
from contacts.models import Contact
from customers.models import Address, Customer
from messaging.models import Conversation
from tests.permission_matrix import MATRIX
from tests.recorded_calls import BODIES, CALLERS, NOT_CALLED, call

# What changes nothing that anybody has to know of later, with the reason.
LEAVES_NO_TRACE = {
    "POST /api/auth/refresh/": "a session that goes on",
    "POST /api/token/refresh/": "a session that goes on",
    "POST /api/token/verify/": "asks only",
    "POST /api/templates/{template}/preview/": "shows only",
    "POST /api/auth/ws-ticket/": "a key of 30 seconds for the session that asks",
}
# Reading that takes data away.
READS_TRACED = ("GET /api/customers/customers/export/", "GET /api/customers/customers/{customer}/export/")
# What has to be otherwise for a call to change something.
BEFORE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "POST /api/contacts/{contact}/confirm/": lambda scene: Contact.objects.update(is_confirmed=False),
    "POST /api/customers/addresses/{address}/set_default/": lambda scene: Address.objects.update(is_default=False),
    "POST /api/customers/{customer}/unblock/": lambda scene: Customer.objects.update(blocked_at=timezone.now()),
    "POST /api/customers/{customer}/claim/": lambda scene: Customer.objects.update(owner=None),
    "POST /api/customers/{customer}/reopen/": lambda scene: Conversation.objects.update(state="closed"),
    "POST /api/customers/{customer}/unread/": lambda scene: Conversation.objects.update(unread_count=0),
    "POST /api/customers/customers/{customer}/reactivate/": lambda scene: Customer.objects.update(is_active=False),
}
# Nobody is signed in. Who registers acts as the new login.
BY_NOBODY = ("POST /api/customers/register/", "POST /api/auth/password/forgot/")
WRITES = sorted(row for row in MATRIX.keys() - NOT_CALLED if not row.startswith("GET "))


def entries_of(row: str, scene: dict[str, Any], callers: dict[str, APIClient], owner: User) -> list[AuditEntry]:
    """What a call adds to the trail. Nothing of the call is kept."""
    with transaction.atomic():
        BEFORE.get(row, lambda scene: None)(scene)
        known = AuditEntry.objects.count()
        _, answer = call(row, scene, callers[CALLERS.get(row, "admin")], owner)
        assert 200 <= answer.status_code < 300, answer.content
        found = list(AuditEntry.objects.select_related("actor").order_by("pk")[known:])
        transaction.set_rollback(True)
    return [entry for entry in found if entry.request_id]


def test_every_write_leaves_a_trace(
    scene: dict[str, Any],
    callers: dict[str, APIClient],
    owner: User,
    admin: User,
    customer_login: User,
    settings: Any,
) -> None:
    settings.SALES_SEE_UNASSIGNED = True  # for claims
    wrong = {}
    whose = {"admin": admin, "owner": owner, "customer": customer_login}
    for row in (*WRITES, *READS_TRACED):
        entries = entries_of(row, scene, callers, owner)
        if row in LEAVES_NO_TRACE:
            assert entries == [], row
            continue
        caller = whose[CALLERS.get(row, "admin")]
        if row in (
            "POST /api/auth/login/",
            "POST /api/token/",
            "POST /api/auth/logout/",
            "POST /api/auth/password/reset/",
            "POST /api/auth/login/mfa/",
        ):
            caller = owner
        good = [one for one in entries if one.actor == caller or row in BY_NOBODY]
        if not good or not all(one.address == "127.0.0.1" for one in good):
            wrong[row] = [(str(one), str(one.actor), one.address) for one in entries]
    assert wrong == {}


def test_changes_tell_the_old_and_the_new(scene: dict[str, Any], callers: dict[str, APIClient], owner: User) -> None:
    """The entries of changes hold what the body changed."""
    told = {}
    for row, field, new in (
        ("PATCH /api/customers/{customer}/", "notes", "Prefers oak."),
        ("PATCH /api/users/{user}/", "last_name", "Perera"),
        ("PATCH /api/customers/groups/{group}/", "free_shipping", True),
        ("PATCH /api/customers/addresses/{address}/", "city", "Galle"),
        ("PATCH /api/contacts/{contact}/", "email", "shop@example.com"),
        ("PUT /api/v1/msg/tags/{tag}/", "name", "Key account"),
        ("PUT /api/customers/customers/{customer}/reviews/{review}/", "rating", 4),
        ("POST /api/customers/customers/{customer}/make_vip/", "is_vip", True),
    ):
        entries = entries_of(row, scene, callers, owner)
        told[row] = [one.changes[field] for one in entries if field in one.changes]
        assert [one["new"] for one in told[row]] == [new], row
        assert [one["old"] for one in told[row]] != [new], row


@pytest.mark.parametrize("row", ["POST /api/users/", "POST /api/customers/customers/change_password/"])
def test_secrets_stay_out(row: str, scene: dict[str, Any], callers: dict[str, APIClient], owner: User) -> None:
    entries = entries_of(row, scene, callers, owner)
    assert entries
    said = str([one.changes for one in entries])
    for secret in (BODIES[row].get(name) for name in ("password", "new_password", "old_password")):
        assert not secret or secret not in said
    assert "pbkdf2" not in said
    assert "md5" not in said
