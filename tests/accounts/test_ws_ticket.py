from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.actions.sessions import end_session, sign_in
from accounts.actions.tickets import issue_ticket, redeem_ticket
from accounts.models import SocketTicket, User
from tests.accounts.parallel import in_parallel

URL = "/api/auth/ws-ticket/"


def test_it_works_once(as_owner: APIClient, owner: User) -> None:
    answer = as_owner.post(URL)

    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 30
    ticket = answer.json()["ticket"]
    session = redeem_ticket(ticket)
    assert session is not None
    assert session.user == owner
    assert redeem_ticket(ticket) is None


def test_only_the_hash_is_kept(as_owner: APIClient) -> None:
    ticket = as_owner.post(URL).json()["ticket"]
    assert SocketTicket.objects.get().digest != ticket


def test_anonymous_requests_get_none(anonymous: APIClient) -> None:
    assert anonymous.post(URL).status_code == 401
    assert not SocketTicket.objects.exists()


def test_it_expires_and_is_deleted_with_the_next_one(owner: User) -> None:
    session = sign_in(user=owner).session
    ticket = issue_ticket(session=session)
    SocketTicket.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert redeem_ticket(ticket) is None
    issue_ticket(session=session)
    assert SocketTicket.objects.count() == 1


def test_it_ends_with_its_session(owner: User) -> None:
    session = sign_in(user=owner).session
    ticket = issue_ticket(session=session)
    end_session(session=session, actor=None)
    assert redeem_ticket(ticket) is None


@pytest.mark.parametrize("ticket", ["", "unknown", "\x00", "\ud800", "x" * 100_000])
def test_unknown_tickets_are_refused(db: None, ticket: str) -> None:
    assert redeem_ticket(ticket) is None


@pytest.mark.django_db(transaction=True)
def test_one_of_twelve_parallel_sockets_gets_in(owner: User) -> None:
    ticket = issue_ticket(session=sign_in(user=owner).session)

    opened = in_parallel(12, lambda: redeem_ticket(ticket))

    assert len([session for session in opened if session is not None]) == 1
