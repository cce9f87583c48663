"""Django admin asks for the second factor too, and has admins set one up where it is required."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry, SecondFactor, Session, User
from tests.accounts.codes import code_of, turn_on
from tests.cast import PASSWORD

LOGIN = "/admin/login/?next=/admin/accounts/user/"
ADA = {"username": "ada", "password": PASSWORD, "next": "/admin/accounts/user/"}


def token_in(page: Any) -> str:
    found = re.search(r'name="mfa_token" value="([^"]+)"', page.content.decode())
    assert found is not None, page.content.decode()
    return found[1]


def signed_in(web: Client) -> bool:
    return web.get("/admin/").status_code == 200


def test_it_asks_for_a_code(admin: User) -> None:
    recovery, web = turn_on(admin), Client()
    page = web.post(LOGIN, ADA)
    assert page.status_code == 200
    assert "code that your app shows" in page.content.decode()
    assert 'name="password"' not in page.content.decode()
    assert 'class="errornote"' not in page.content.decode()
    assert not signed_in(web)

    wrong = web.post(LOGIN, {"mfa_token": token_in(page), "code": "000000"})
    assert "Wrong code" in wrong.content.decode()
    assert not signed_in(web)
    assert not Session.objects.exists()

    body = {"mfa_token": token_in(wrong), "code": code_of(admin), "next": "/admin/accounts/user/"}
    answer = web.post(LOGIN, body)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/accounts/user/")
    assert signed_in(web)

    other = Client()
    page = other.post(LOGIN, ADA)
    assert other.post(LOGIN, {**body, "mfa_token": token_in(page)}).status_code == 200, "a code works once"
    assert not signed_in(other)
    assert other.post(LOGIN, {**body, "mfa_token": token_in(page), "code": recovery[0]}).status_code == 302


def test_a_token_of_somebody_elses_making(admin: User) -> None:
    turn_on(admin)
    page = Client().post(LOGIN, {"mfa_token": "made-up", "code": "123456"}).content.decode()
    assert "sign in again" in page
    assert 'name="password"' in page, "it begins anew"


def test_a_salesperson_with_a_code_gets_no_further(owner: User) -> None:
    turn_on(owner)
    page = Client().post(LOGIN, {"username": "sam", "password": PASSWORD}).content.decode()
    assert "mfa_token" not in page
    assert "staff account" in page


def test_where_it_is_required_it_is_set_up_here(admin: User, settings: Any) -> None:
    settings.REQUIRE_ADMIN_MFA = True
    web = Client()
    page = web.post(LOGIN, ADA)
    assert 'src="data:image/svg+xml;base64,' in page.content.decode()
    assert SecondFactor.objects.get().secret in page.content.decode()

    wrong = web.post(LOGIN, {"mfa_token": token_in(page), "code": "000000"})
    assert "Wrong code" in wrong.content.decode()
    assert SecondFactor.objects.get().secret in wrong.content.decode(), "the secret stays the same"

    done = web.post(LOGIN, {"mfa_token": token_in(wrong), "code": code_of(admin)}).content.decode()
    codes = re.findall(r"<code>([a-z0-9-]{29})</code>", done)
    assert len(codes) == 10
    assert not signed_in(web)
    page = web.post(LOGIN, ADA)
    assert web.post(LOGIN, {"mfa_token": token_in(page), "code": codes[0]}).status_code == 302
    assert signed_in(web)


def test_too_many_wrong_codes(admin: User, settings: Any) -> None:
    settings.THROTTLE_MFA = "1/hour"
    turn_on(admin)
    web = Client()
    page = web.post(LOGIN, ADA)
    for said in ("Wrong code", "Too many wrong codes"):
        page = web.post(LOGIN, {"mfa_token": token_in(page), "code": "000000"})
        assert said in page.content.decode()


@pytest.mark.parametrize("has_one", [True, False])
def test_an_admin_turns_off_that_of_somebody_who_lost_it(admin: User, owner: User, has_one: bool) -> None:
    if has_one:
        turn_on(owner)
    web = Client()
    web.force_login(admin)
    body = {"action": "remove_factor", "_selected_action": [owner.pk], "confirmed": "yes"}
    report = web.post("/admin/accounts/user/", body, follow=True).content.decode()
    assert ("1 turned off" in report, "not on" in report) == (has_one, not has_one)
    assert not SecondFactor.objects.exists()
    assert AuditEntry.objects.filter(verb="mfa_disabled", actor=admin).count() == int(has_one)
