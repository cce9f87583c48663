"""`GET /api/audit/`, and what the trail says of signing in, files and people who are erased."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.actions import sessions
from accounts.models import AuditEntry, User
from customers.actions.customers import erase_customer, update_customer
from customers.models import Customer
from tests.cast import PASSWORD

AUDIT = "/api/audit/"


def verbs(**wanted: Any) -> list[str]:
    return list(AuditEntry.objects.filter(**wanted).order_by("pk").values_list("verb", flat=True))


def test_an_entry(as_admin: APIClient, as_owner: APIClient, owner: User, customer: Customer) -> None:
    answer = as_owner.patch(
        f"/api/customers/{customer.pk}/", {"notes": "Prefers oak."}, headers={"X-Request-ID": "r-1"}
    )
    assert answer.status_code == 200

    row = as_admin.get(AUDIT, {"customer": customer.pk}).json()["results"][0]

    assert row.pop("at").endswith("Z")
    assert row.pop("id") > 0
    assert row == {
        "actor": {"id": owner.pk, "name": owner.name},
        "verb": "customer_updated",
        "object_type": "customer",
        "object_id": str(customer.pk),
        "customer": customer.pk,
        "address": "127.0.0.1",
        "request_id": "r-1",
        "changes": {"notes": {"old": "", "new": "Prefers oak."}},
    }


def test_filters(as_admin: APIClient, admin: User, owner: User, customer: Customer) -> None:
    before = timezone.now()
    update_customer(customer_id=customer.pk, actor=admin, changes={"is_vip": True})
    update_customer(customer_id=customer.pk, actor=owner, changes={"notes": "Tall."})

    def found(**params: Any) -> list[str]:
        return [row["actor"]["name"] for row in as_admin.get(AUDIT, {"after": before, **params}).json()["results"]]

    assert found(customer=customer.pk) == [owner.name, admin.name], "newest first"
    assert found(actor=admin.pk) == [admin.name]
    assert found(verb="customer_updated", actor=owner.pk) == [owner.name]
    assert found(verb="signed_in") == []
    assert found(before=before) == []
    assert as_admin.get(AUDIT, {"after": "yesterday"}).status_code == 400
    assert as_admin.get(AUDIT, {"who": 1}).status_code == 400


def test_pages_by_keyset(as_admin: APIClient, admin: User, customer: Customer) -> None:
    for number in range(5):
        update_customer(customer_id=customer.pk, actor=admin, changes={"notes": str(number)})
    first = as_admin.get(AUDIT, {"customer": customer.pk, "page_size": 2}).json()
    update_customer(customer_id=customer.pk, actor=admin, changes={"notes": "new"})
    second = as_admin.get(first["next"]).json()

    notes = [row["changes"]["notes"]["new"] for page in (first, second) for row in page["results"]]
    assert notes == ["4", "3", "2", "1"]


def test_signing_in(anonymous: APIClient, owner: User) -> None:
    anonymous.post("/api/auth/login/", {"username": owner.username, "password": "wrong"})
    anonymous.post("/api/auth/login/", {"username": "nobody-at-all", "password": "wrong"})
    tokens = anonymous.post("/api/auth/login/", {"username": owner.username, "password": PASSWORD}).json()
    anonymous.post("/api/auth/logout/", {"refresh": tokens["refresh"]})

    found = AuditEntry.objects.filter(verb__startswith="sign").order_by("pk")
    assert [(one.verb, one.object_id) for one in found if one.object_type != "session"] == [
        ("sign_in_failed", str(owner.pk)),
        ("sign_in_failed", ""),
    ]
    assert [(one.verb, one.actor) for one in found if one.object_type == "session"] == [
        ("signed_in", owner),
        ("signed_out", owner),
    ]
    assert found.filter(verb="signed_in").get().session_id is not None


def test_whoever_goes_on_while_throttled_does_not_fill_the_trail(
    anonymous: APIClient, owner: User, settings: Any
) -> None:
    settings.THROTTLE_LOGIN = "2/min"
    for _ in range(8):
        answer = anonymous.post("/api/auth/login/", {"username": owner.username, "password": "wrong"})
    assert answer.status_code == 429
    assert verbs(verb__startswith="sign_in_") == ["sign_in_failed", "sign_in_failed", "sign_in_throttled"]


def test_a_stolen_refresh_token(anonymous: APIClient, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "REPLAY_GRACE", timedelta(0))
    tokens = anonymous.post("/api/auth/login/", {"username": owner.username, "password": PASSWORD}).json()
    for _ in range(2):
        anonymous.post("/api/auth/refresh/", {"refresh": tokens["refresh"]})
    assert verbs(object_type="session") == ["signed_in", "session_ended_for_reuse"]


def test_what_is_refused_leaves_no_trace(as_owner: APIClient, customer: Customer) -> None:
    assert as_owner.patch(f"/api/customers/{customer.pk}/", {"is_vip": True}).status_code == 403
    assert verbs(customer_id=customer.pk) == []


def test_who_is_erased_is_forgotten(
    as_customer: APIClient, admin: User, owner: User, customer: Customer, customer_login: User
) -> None:
    as_customer.patch("/api/customers/customers/update_profile/", {"first_name": "Secret"})
    update_customer(customer_id=customer.pk, actor=owner, changes={"notes": "Secret note"})
    pk, login = customer.pk, customer_login.pk

    erase_customer(customer_id=pk, actor=admin)

    entries = AuditEntry.objects.filter(customer_id=pk).order_by("pk")
    assert [one.verb for one in entries] == ["customer_updated", "customer_updated", "customer_erased"]
    assert {str(one.changes) for one in entries} == {"{}"}
    assert entries[0].address == ""
    assert entries[2].actor == admin
    assert not AuditEntry.objects.filter(actor_id=login).exists()


def test_entries_are_neither_changed_nor_deleted(admin: User, customer: Customer) -> None:
    update_customer(customer_id=customer.pk, actor=admin, changes={"is_vip": True})
    entry = AuditEntry.objects.get(customer_id=customer.pk)
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()


def test_old_entries_go(admin: User, customer: Customer, settings: Any) -> None:
    settings.AUDIT_RETENTION_DAYS = 10
    update_customer(customer_id=customer.pk, actor=admin, changes={"is_vip": True})
    update_customer(customer_id=customer.pk, actor=admin, changes={"is_vip": False})
    old = AuditEntry.objects.filter(customer_id=customer.pk).order_by("pk").values("pk")[:1]
    AuditEntry.objects.filter(pk__in=list(old.values_list("pk", flat=True))).update(
        at=timezone.now() - timedelta(days=11)
    )
    call_command("prune", verbosity=0)
    left = AuditEntry.objects.get(customer_id=customer.pk)
    assert left.changes["is_vip"]["new"] is False


def test_a_line_in_the_log(
    as_owner: APIClient,
    owner: User,
    customer: Customer,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """It says who and what, and no value: notes and names are nobody's business in a log."""
    with caplog.at_level(logging.INFO, "accounts.audit"), django_capture_on_commit_callbacks(execute=True):
        as_owner.patch(f"/api/customers/{customer.pk}/", {"notes": "Prefers oak."})
    lines = [record.getMessage() for record in caplog.records if record.name == "accounts.audit"]
    assert lines == [f"audit: customer_updated customer {customer.pk} by login {owner.pk}"]
    assert "oak" not in str([vars(record) for record in caplog.records])


@pytest.mark.parametrize("role", ["as_owner", "as_customer"])
def test_only_admins_read_it(role: str, request: pytest.FixtureRequest) -> None:
    assert request.getfixturevalue(role).get(AUDIT).status_code == 403
