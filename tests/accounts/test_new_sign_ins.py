"""A sign-in from where somebody never signed in before is told by mail."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from rest_framework.test import APIClient

from accounts.mailing import Mails
from accounts.models import Mail, Session, User
from tests.cast import PASSWORD


@pytest.fixture(autouse=True)
def _told(settings: Any) -> None:
    settings.MAIL_NEW_SIGN_INS = True


@pytest.fixture
def sam(owner: User) -> User:
    Session.objects.filter(user=owner).delete()
    return owner


def signs_in(user: User, address: str, agent: str) -> None:
    body = {"username": user.username, "password": PASSWORD}
    answer = APIClient().post("/api/auth/login/", body, headers={"User-Agent": agent}, REMOTE_ADDR=address)
    assert answer.status_code == 200


def letters() -> list[Any]:
    """What the relay sends now."""
    mails = Mails()
    for job in mails.claim(10):
        mails.run(job)
    found, mail.outbox[:] = list(mail.outbox), []
    return found


def test_who_is_told_of_what(sam: User) -> None:
    signs_in(sam, "10.0.0.1", "Firefox")
    assert letters() == [], "the first one"
    signs_in(sam, "10.0.0.1", "Firefox")
    assert letters() == [], "seen before"
    signs_in(sam, "10.9.9.9", "Firefox")
    told = letters()
    assert [(one.to, one.subject) for one in told] == [([sam.email], "A new sign-in to Patter")]
    assert "From: 10.9.9.9" in told[0].body
    assert "With: Firefox" in told[0].body
    signs_in(sam, "10.0.0.1", "curl/8")
    assert len(letters()) == 1, "another browser"
    signs_in(sam, "10.9.9.9", "Firefox")
    assert letters() == []


def test_where_others_sign_in_does_not_count(sam: User, stranger: User) -> None:
    signs_in(sam, "10.0.0.1", "Firefox")
    signs_in(stranger, "10.7.7.7", "Safari")
    letters()
    signs_in(sam, "10.7.7.7", "Safari")
    assert len(letters()) == 1


def test_django_admin_too(admin: User) -> None:
    signs_in(admin, "10.0.0.1", "Firefox")
    letters()
    Client().post("/admin/login/", {"username": admin.username, "password": PASSWORD}, REMOTE_ADDR="10.8.8.8")
    told = letters()
    assert len(told) == 1
    assert "(Django admin)" in told[0].body


def test_who_fails_is_nobodys_sign_in(sam: User) -> None:
    signs_in(sam, "10.0.0.1", "Firefox")
    APIClient().post("/api/auth/login/", {"username": sam.username, "password": "wrong"}, REMOTE_ADDR="10.6.6.6")
    assert not Mail.objects.exists()


def test_it_can_be_turned_off(sam: User, settings: Any) -> None:
    settings.MAIL_NEW_SIGN_INS = False
    signs_in(sam, "10.0.0.1", "Firefox")
    signs_in(sam, "10.9.9.9", "Firefox")
    assert not Mail.objects.exists()
