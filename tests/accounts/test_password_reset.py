"""Forgotten passwords: a link by mail that works once, and answers that tell nothing."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.actions.sessions import sign_in
from accounts.mailing import Mails
from accounts.models import AuditEntry, Mail, PasswordReset, Session, User
from tests.accounts.parallel import in_parallel
from tests.cast import PASSWORD

FORGOT, RESET, LOGIN = "/api/auth/password/forgot/", "/api/auth/password/reset/", "/api/auth/login/"
NEW = "mango-river-88"


class Away(BaseEmailBackend):
    """A mail server that is not there."""

    def send_messages(self, messages: Any) -> int:
        raise ConnectionRefusedError(messages[0].to)


def mails_leave() -> int:
    """Do what a relay does with mails in one turn; return how many there were."""
    source = Mails()
    source.settle(everything=False)
    jobs = source.claim(source.workers)
    for job in jobs:
        source.run(job)
    return len(jobs)


def token_for(client: APIClient, login: str = "sam") -> str:
    assert client.post(FORGOT, {"login": login}).status_code == 204
    mails_leave()
    found = re.search(r"/reset/#(\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def reset(client: APIClient, token: str, password: str = NEW) -> Any:
    return client.post(RESET, {"token": token, "password": password})


def test_a_link_sets_a_new_password_and_ends_all_sessions(anonymous: APIClient, owner: User) -> None:
    sign_in(user=owner)
    token = token_for(anonymous)

    assert mail.outbox[-1].to == [owner.email]
    assert reset(anonymous, token).status_code == 204
    assert not Session.objects.live().filter(user=owner).exists()
    assert anonymous.post(LOGIN, {"username": "sam", "password": PASSWORD}).status_code == 401
    assert anonymous.post(LOGIN, {"username": "sam", "password": NEW}).status_code == 200
    assert list(AuditEntry.objects.filter(verb__startswith="password").values_list("verb", "actor")) == [
        ("password_reset_asked", None),
        ("password_reset", owner.pk),
    ]


def test_the_answer_waits_for_no_mail_and_is_the_same_for_nobody(anonymous: APIClient, owner: User) -> None:
    for login in ("sam", "SAM@desk.example", "nobody"):
        answer = anonymous.post(FORGOT, {"login": login})
        assert (answer.status_code, answer.content) == (204, b"")
    assert mail.outbox == []
    while mails_leave():
        pass
    assert [message.to for message in mail.outbox] == [[owner.email]] * 2
    assert not Mail.objects.exists()


def test_known_and_unknown_logins_do_the_same_work(anonymous: APIClient, owner: User) -> None:
    statements = []
    for login in ("sam", "nobody"):
        with CaptureQueriesContext(connection) as asked:
            anonymous.post(FORGOT, {"login": login})
        statements.append([query["sql"].split()[0] for query in asked.captured_queries])
    assert statements[0] == statements[1]


@pytest.mark.parametrize("password", ["short", "password1", PASSWORD, ""])
def test_a_password_that_is_refused_does_not_use_up_the_link(anonymous: APIClient, owner: User, password: str) -> None:
    token = token_for(anonymous)
    assert list(reset(anonymous, token, password).json()) == ["password"]
    assert reset(anonymous, token).status_code == 204


def refused(client: APIClient, token: str, user: User) -> None:
    before = User.objects.get(pk=user.pk).password
    answer = reset(client, token, "another-river-89")
    assert (answer.status_code, list(answer.json())) == (400, ["token"])
    assert User.objects.get(pk=user.pk).password == before


def test_it_works_once(anonymous: APIClient, owner: User) -> None:
    token = token_for(anonymous)
    reset(anonymous, token)
    refused(anonymous, token, owner)


def test_only_the_newest_link_works(anonymous: APIClient, owner: User) -> None:
    first, second = token_for(anonymous), token_for(anonymous)
    refused(anonymous, first, owner)
    assert reset(anonymous, second).status_code == 204


@pytest.mark.parametrize("token", ["x", "ü" * 50, "\ud800".encode("utf-8", "replace").decode()])
def test_no_link_at_all(anonymous: APIClient, owner: User, token: str) -> None:
    refused(anonymous, token, owner)


def test_after_half_an_hour_it_is_over(anonymous: APIClient, owner: User) -> None:
    token = token_for(anonymous)
    left = PasswordReset.objects.get().expires_at - timezone.now()
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    PasswordReset.objects.update(expires_at=timezone.now())
    refused(anonymous, token, owner)


@pytest.mark.parametrize(
    "change", [{"email": "new@desk.example"}, {"is_active": False}, {"password": "tiny-boat-1953"}]
)
def test_it_ends_with_what_it_was_for(
    anonymous: APIClient, as_admin: APIClient, owner: User, change: dict[str, Any]
) -> None:
    token = token_for(anonymous)
    assert as_admin.patch(f"/api/users/{owner.pk}/", change).status_code == 200
    refused(anonymous, token, owner)


def test_an_inactive_login_gets_no_mail(anonymous: APIClient, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert anonymous.post(FORGOT, {"login": "sam"}).status_code == 204
    assert mails_leave() == 1
    assert mail.outbox == []


def test_customers_get_one_too(anonymous: APIClient, customer_login: User) -> None:
    assert reset(anonymous, token_for(anonymous, customer_login.username)).status_code == 204


def test_one_login_gets_so_many_mails_and_nobody_is_told(anonymous: APIClient, owner: User, settings: Any) -> None:
    settings.THROTTLE_PASSWORD_MAILS = "2/hour"
    for number in range(4):
        answer = anonymous.post(FORGOT, {"login": "sam"}, REMOTE_ADDR=f"10.0.0.{number}")
        assert answer.status_code == 204
    while mails_leave():
        pass
    assert len(mail.outbox) == 2


def test_one_address_asks_and_tries_only_so_often(anonymous: APIClient, owner: User, settings: Any) -> None:
    settings.THROTTLE_PASSWORD_RESET = "2/hour"
    statuses = [anonymous.post(FORGOT, {"login": "sam"}).status_code, reset(anonymous, "x").status_code]
    assert statuses == [204, 400]
    assert reset(anonymous, "x").status_code == 429
    assert anonymous.post(FORGOT, {"login": "sam"}).status_code == 429
    assert Mail.objects.count() == 1


def test_a_mail_server_that_is_away_is_tried_again(
    anonymous: APIClient, owner: User, settings: Any, caplog: Any
) -> None:
    anonymous.post(FORGOT, {"login": "sam"})
    settings.EMAIL_BACKEND = "tests.accounts.test_password_reset.Away"
    mails_leave()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert Mail.objects.get().not_before > timezone.now()
    assert "sam@" not in caplog.text
    Mail.objects.update(not_before=timezone.now())
    mails_leave()
    assert len(mail.outbox) == 1
    assert reset(anonymous, re.findall(r"#(\S+)", str(mail.outbox[0].body))[0]).status_code == 204


def test_what_is_stored_holds_neither_the_login_nor_the_token(anonymous: APIClient, owner: User) -> None:
    anonymous.post(FORGOT, {"login": "sam"})
    assert "sam" not in Mail.objects.get().sealed
    token = token_for(anonymous)
    assert token not in str(PasswordReset.objects.values().get())


def test_a_page_of_ones_own(anonymous: APIClient, owner: User, settings: Any) -> None:
    settings.PASSWORD_RESET_URL = "https://app.example.com/new?key={token}"
    anonymous.post(FORGOT, {"login": "sam"})
    mails_leave()
    assert "https://app.example.com/new?key=" in str(mail.outbox[0].body)


def test_the_link_leads_to_the_public_address(anonymous: APIClient, owner: User, settings: Any) -> None:
    settings.PUBLIC_URL = "https://desk.example.com"
    token_for(anonymous)
    assert "\nhttps://desk.example.com/reset/#" in str(mail.outbox[0].body)


def test_an_admin_sends_one(admin: User, owner: User, anonymous: APIClient) -> None:
    web = Client()
    web.force_login(admin)
    body = {"action": "send_reset", "_selected_action": [owner.pk], "confirmed": "yes"}
    assert web.post("/admin/accounts/user/", body).status_code == 302
    mails_leave()
    assert [message.to for message in mail.outbox] == [[owner.email]]
    assert AuditEntry.objects.get(verb="password_reset_asked").actor == admin


def test_wrong_old_passwords_in_django_admin_are_limited(admin: User, settings: Any) -> None:
    settings.THROTTLE_LOGIN = "1/min"
    web = Client()
    web.force_login(admin)
    body = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    assert "not your current password" in web.post("/admin/password_change/", body).content.decode()
    body["old_password"] = PASSWORD
    assert "Too many failed" in web.post("/admin/password_change/", body).content.decode()
    admin.refresh_from_db()
    assert admin.check_password(PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_one_link_used_twice_at_once(anonymous: APIClient, owner: User) -> None:
    token = token_for(anonymous)
    answers = in_parallel(4, lambda: reset(APIClient(), token).status_code)
    assert sorted(answers) == [204, 400, 400, 400]


def test_the_page_runs_nothing_of_others() -> None:
    answer = Client().get("/reset/")
    assert answer.status_code == 200
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert answer["Referrer-Policy"] == "no-referrer"
