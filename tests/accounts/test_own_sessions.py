"""`/api/auth/sessions/`: where somebody is signed in. Django admin's cookie is a session like any other."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.actions.sessions import sign_in
from accounts.models import AuditEntry, Session, User
from tests.cast import PASSWORD

SESSIONS = "/api/auth/sessions/"
LOGIN = "/api/auth/login/"
REFRESH = "/api/auth/refresh/"


def bearer(tokens: Any) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
    return client


def signed_in(user: User, agent: str = "", address: str = "10.0.0.9") -> APIClient:
    answer = APIClient().post(
        LOGIN, {"username": user.username, "password": PASSWORD}, headers={"User-Agent": agent}, REMOTE_ADDR=address
    )
    return bearer(answer.json())


@pytest.fixture
def page(admin: User) -> Client:
    """A browser in which the admin is signed in to Django admin."""
    browser = Client(headers={"User-Agent": "Firefox"})
    answer = browser.post("/admin/login/?next=/admin/", {"username": admin.username, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


def test_the_list(owner: User, stranger: User) -> None:
    signed_in(stranger)
    first = signed_in(owner, "Safari", "10.1.1.1")
    second = signed_in(owner, "Firefox", "10.2.2.2")

    rows = second.get(SESSIONS).json()

    assert [(row["user_agent"], row["address"], row["current"], row["kind"]) for row in rows[:2]] == [
        ("Firefox", "10.2.2.2", True, "api"),
        ("Safari", "10.1.1.1", False, "api"),
    ]
    assert set(rows[0]) == {"id", "kind", "started_at", "last_seen_at", "address", "user_agent", "current"}
    assert [row["current"] for row in first.get(SESSIONS).json()[:2]] == [False, True]


def test_ending_one(owner: User) -> None:
    here, there = signed_in(owner), signed_in(owner)
    other = next(row["id"] for row in there.get(SESSIONS).json() if row["current"])

    assert here.delete(f"{SESSIONS}{other}/").status_code == 204

    assert there.get("/api/auth/me/").status_code == 401
    assert here.get("/api/auth/me/").status_code == 200
    assert here.delete(f"{SESSIONS}{other}/").status_code == 404, "it has ended"


def test_ending_all_others(owner: User, stranger: User) -> None:
    here, there, foreign = signed_in(owner), signed_in(owner), signed_in(stranger)

    assert here.delete(SESSIONS).status_code == 204

    assert [client.get("/api/auth/me/").status_code for client in (here, there, foreign)] == [200, 401, 200]
    assert len(here.get(SESSIONS).json()) == 1


@pytest.mark.parametrize("whose", ["foreign", "missing", "nonsense"])
def test_what_is_not_yours_is_not_there(owner: User, stranger: User, whose: str) -> None:
    foreign = sign_in(user=stranger).session
    pk = {"foreign": foreign.pk, "missing": "0" * 8 + "-0000-4000-8000-" + "0" * 12, "nonsense": "1"}[whose]

    assert signed_in(owner).delete(f"{SESSIONS}{pk}/").status_code == 404

    foreign.refresh_from_db()
    assert foreign.ended_at is None


def test_the_admin_pages_are_a_session(page: Client, admin: User, as_admin: APIClient) -> None:
    assert page.get("/admin/").status_code == 200
    rows = [row for row in as_admin.get(SESSIONS).json() if row["kind"] == "admin"]
    assert [(row["user_agent"], row["current"]) for row in rows] == [("Firefox", False)]

    assert as_admin.delete(f"{SESSIONS}{rows[0]['id']}/").status_code == 204

    assert page.get("/admin/").status_code == 302, "the cookie is worth nothing any more"


def test_signing_out_of_the_admin_pages_ends_the_session(page: Client, admin: User) -> None:
    page.post("/admin/logout/")
    session = Session.objects.get(user=admin, kind="admin")
    assert session.ended_at is not None
    assert AuditEntry.objects.filter(object_id=str(session.pk)).values_list("verb", flat=True).order_by(
        "pk"
    ).last() == ("signed_out")


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "sales"}, {"password": "Quite-Another-Word-44"}])
def test_who_may_no_longer_is_signed_out_of_the_admin_pages(
    page: Client, admin: User, client_of: Any, change: dict[str, Any]
) -> None:
    other = client_of(User.objects.create_user("olga", "olga@desk.example", role="admin"))
    assert other.patch(f"/api/users/{admin.pk}/", change).status_code == 200

    assert page.get("/admin/").status_code == 302

    admin.refresh_from_db()
    assert not Session.objects.live().filter(user=admin, kind="admin").exists()


def test_changing_the_own_password_in_the_admin_pages_keeps_that_session(page: Client, admin: User) -> None:
    elsewhere = signed_in(admin)
    new = "Quite-Another-Word-44"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert page.post("/admin/password_change/", form).status_code == 302

    assert page.get("/admin/").status_code == 200
    assert elsewhere.get("/api/auth/me/").status_code == 401


def test_the_admin_pages_last_twelve_hours(page: Client, admin: User) -> None:
    session = Session.objects.get(user=admin, kind="admin")
    assert session.expires_at - session.created_at == timedelta(hours=12)
    Session.objects.filter(pk=session.pk).update(expires_at=timezone.now())
    assert page.get("/admin/").status_code == 302


def test_the_cookie_opens_no_api_and_the_token_no_pages(page: Client, admin: User, as_admin: APIClient) -> None:
    assert page.get("/api/auth/me/").status_code == 401
    browser = Client()
    store = browser.session
    store["sid"] = next(row["id"] for row in as_admin.get(SESSIONS).json() if row["kind"] == "api")
    store.save()
    assert browser.get("/admin/").status_code == 302


def test_refreshing_lasts_ninety_days_at_most(owner: User, settings: Any) -> None:
    tokens = sign_in(user=owner)
    began = timezone.now() - timedelta(days=settings.SESSION_DAYS) + timedelta(minutes=5)
    Session.objects.filter(pk=tokens.session.pk).update(created_at=began)

    answer = APIClient().post(REFRESH, {"refresh": tokens.refresh}).json()

    session = Session.objects.get(pk=tokens.session.pk)
    assert session.expires_at == began + timedelta(days=settings.SESSION_DAYS)
    Session.objects.filter(pk=session.pk).update(expires_at=timezone.now())
    assert APIClient().post(REFRESH, {"refresh": answer["refresh"]}).status_code == 401
    assert bearer(answer).get("/api/auth/me/").status_code == 401


def test_being_seen_costs_no_write_each_time(owner: User, django_assert_num_queries: Any) -> None:
    client = signed_in(owner)
    with django_assert_num_queries(3):  # the session, and the customer and second factor of the login
        client.get("/api/auth/me/")
    old = timezone.now() - timedelta(minutes=6)
    Session.objects.filter(user=owner).update(last_seen_at=old)
    client.get("/api/auth/me/")
    assert Session.objects.filter(user=owner, last_seen_at__gt=old).count() == 1
