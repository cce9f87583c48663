"""Django admin does the same as the API."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.actions.sessions import session_of_token, sign_in
from accounts.models import Session, User
from customers.models import Customer
from tests.admin_pages import ask, confirm
from tests.cast import PASSWORD

USERS = "/admin/accounts/user/"


@pytest.fixture
def browser(admin: User) -> Client:
    client = Client()
    client.post("/admin/login/", {"username": "ada@desk.example", "password": PASSWORD})
    return client


def form(user: User, **changes: Any) -> dict[str, Any]:
    names = ("username", "email", "first_name", "last_name", "role")
    fields = {name: getattr(user, name) for name in names} | {"is_active": "on", "new_password": ""} | changes
    return {name: value for name, value in fields.items() if value is not None}


def change(browser: Client, user: User, **changes: Any) -> str:
    answer = browser.post(f"{USERS}{user.pk}/change/", form(user, **changes), follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def lives(access: str) -> bool:
    return APIClient().get("/api/auth/me/", HTTP_AUTHORIZATION=f"Bearer {access}").status_code == 200


def test_salespeople_cannot_sign_in(owner: User) -> None:
    client = Client()
    answer = client.post("/admin/login/", {"username": "sam", "password": PASSWORD})
    assert "sessionid" not in client.cookies
    assert answer.status_code == 200


def test_pages_open(browser: Client, owner: User, customer_login: User) -> None:
    session = sign_in(user=owner).session
    for path in (
        USERS,
        f"{USERS}?q=sam",
        f"{USERS}add/",
        f"{USERS}{owner.pk}/change/",
        f"{USERS}{customer_login.pk}/change/",
        "/admin/accounts/session/",
        f"/admin/accounts/session/{session.pk}/change/",
        "/admin/password_change/",
    ):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert session.refresh_jti not in answer.content.decode()
        assert owner.password not in answer.content.decode()


def test_add(browser: Client) -> None:
    body = {"username": "nina", "email": "nina@desk.example", "role": "sales", "is_active": "on"}

    weak = browser.post(f"{USERS}add/", body | {"new_password": "short"}, follow=True)
    assert "too short" in weak.content.decode()
    assert not User.objects.filter(username="nina").exists()

    browser.post(f"{USERS}add/", body | {"new_password": "mango-river-88"})
    assert User.objects.get(username="nina").check_password("mango-river-88")


def test_add_needs_a_password(browser: Client) -> None:
    browser.post(f"{USERS}add/", {"username": "nina", "email": "nina@desk.example", "role": "sales"})
    assert not User.objects.filter(username="nina").exists()


def test_names_change_and_sessions_stay(browser: Client, owner: User) -> None:
    tokens = sign_in(user=owner)

    change(browser, owner, last_name="Silva")

    owner.refresh_from_db()
    assert owner.last_name == "Silva"
    assert owner.check_password(PASSWORD)
    assert lives(tokens.access)


@pytest.mark.parametrize("changes", [{"new_password": "mango-river-88"}, {"is_active": None}, {"role": "admin"}])
def test_changes_that_end_sessions_in_the_api_end_them_here(
    browser: Client, owner: User, changes: dict[str, Any]
) -> None:
    tokens = sign_in(user=owner)
    change(browser, owner, **changes)
    assert not lives(tokens.access)


def test_who_leaves_hands_over_to_somebody(browser: Client, owner: User, stranger: User, customer: Customer) -> None:
    page = browser.get(f"{USERS}{owner.pk}/change/").content.decode()
    assert "Who gets the customers" in page
    assert f'<option value="{stranger.pk}">' in page
    assert f'<option value="{owner.pk}">' not in page
    assert "Who gets the customers" not in browser.get(f"{USERS}add/").content.decode()

    assert "only handed over when" in change(browser, owner, hand_over_to=stranger.pk)
    change(browser, owner, is_active=None, hand_over_to=stranger.pk)

    customer.refresh_from_db()
    assert customer.owner == stranger


def test_the_last_admin_stays(browser: Client, admin: User) -> None:
    assert "last active admin" in change(browser, admin, role="sales")
    assert "1 refused" in confirm(browser, USERS, "remove", [admin])
    admin.refresh_from_db()
    assert (admin.role, admin.deleted_at) == ("admin", None)


def test_logins_are_removed_but_never_deleted(browser: Client, owner: User) -> None:
    assert browser.post(f"{USERS}{owner.pk}/delete/", {"post": "yes"}).status_code == 403
    browser.post(USERS, {"action": "delete_selected", "_selected_action": [owner.pk], "post": "yes"})
    owner.refresh_from_db()
    assert owner.is_active

    assert "Nobody can sign in with these logins again" in ask(browser, USERS, "remove", [owner])
    owner.refresh_from_db()
    assert owner.deleted_at is None

    assert "1 removed" in confirm(browser, USERS, "remove", [owner])
    owner.refresh_from_db()
    assert owner.deleted_at is not None
    assert browser.get(f"{USERS}{owner.pk}/change/").status_code == 302


def test_a_customers_login_is_read_only(browser: Client, customer_login: User) -> None:
    answer = browser.post(f"{USERS}{customer_login.pk}/change/", form(customer_login, role="admin"))
    assert answer.status_code == 403
    customer_login.refresh_from_db()
    assert customer_login.role == "customer"


def test_sessions_can_be_ended_but_not_changed(browser: Client, owner: User) -> None:
    tokens = sign_in(user=owner)
    path = "/admin/accounts/session/"
    assert browser.post(f"{path}{tokens.session.pk}/change/", {"user": 1}).status_code == 403
    assert browser.get(f"{path}add/").status_code == 403

    assert "1 ended" in confirm(browser, path, "end", [tokens.session])

    assert not lives(tokens.access)
    assert Session.objects.get(pk=tokens.session.pk).ended_at is not None


def test_changing_your_own_password_ends_your_sessions(browser: Client, admin: User) -> None:
    tokens = sign_in(user=admin)
    assert session_of_token(tokens.access)
    body = {"old_password": PASSWORD, "new_password1": "mango-river-88", "new_password2": "mango-river-88"}

    assert browser.post("/admin/password_change/", body).status_code == 302

    assert not lives(tokens.access)
    assert browser.get(USERS).status_code == 200
    admin.refresh_from_db()
    assert admin.check_password("mango-river-88")


def test_a_salespersons_page_leads_to_their_customers(browser: Client, owner: User, admin: User) -> None:
    link = f"/admin/customers/customer/?owner={owner.pk}"
    assert link in browser.get(f"{USERS}{owner.pk}/change/").content.decode()
    assert "customers/customer/?owner=" not in browser.get(f"{USERS}{admin.pk}/change/").content.decode()


def test_a_new_login_is_a_salesperson_unless_somebody_says_otherwise(browser: Client) -> None:
    page = browser.get(f"{USERS}add/").content.decode()
    assert page.index('value="sales"') < page.index('value="admin"')
    assert 'value="admin" selected' not in page


def test_the_page_of_a_login_leads_to_its_sessions_and_acts(browser: Client, owner: User, stranger: User) -> None:
    sign_in(user=owner)
    sign_in(user=stranger)
    page = browser.get(f"{USERS}{owner.pk}/change/").content.decode()
    sessions, acts = f"user__id__exact={owner.pk}", f"actor__id__exact={owner.pk}"
    assert f"{sessions}&amp;in_use=live" in page
    assert f"?{acts}" in page
    listed = browser.get(f"/admin/accounts/session/?{sessions}&in_use=live").context["cl"].result_list
    assert [session.user for session in listed] == [owner]
    trail = browser.get(f"/admin/accounts/auditentry/?{acts}").context["cl"].result_list
    assert {entry.actor for entry in trail} <= {owner}


def test_the_page_of_a_login_offers_a_new_password_and_its_end(browser: Client, owner: User) -> None:
    page = browser.get(f"{USERS}{owner.pk}/change/").content.decode()
    assert 'name="action" value="send_reset"' in page
    assert 'name="action" value="remove"' in page


def test_people_are_offered_by_name(browser: Client, owner: User, stranger: User) -> None:
    User.objects.filter(pk=owner.pk).update(last_name="Silva")
    for page in (f"{USERS}{stranger.pk}/change/", "/admin/accounts/team/add/"):
        assert f'<option value="{owner.pk}">Sam Silva</option>' in browser.get(page).content.decode(), page
