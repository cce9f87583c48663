"""Who is online and who is away: `PATCH /api/auth/me/`, and by themselves."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.absences import Absences
from accounts.actions.availability import note_sockets
from accounts.models import AuditEntry, LastSocket, Team, User
from customers.models import Customer

pytestmark = pytest.mark.django_db
URL = "/api/auth/me/"


def availability(user: User) -> str:
    return User.objects.get(pk=user.pk).availability


def absences() -> None:
    for job in (found := Absences()).claim(Absences.workers):
        found.run(job)


def seen(user: User, at: datetime) -> None:
    LastSocket.objects.update_or_create(user=user, defaults={"at": at})


def minutes_ago(minutes: int) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


def test_they_say_it_themselves(as_owner: Any, owner: User) -> None:
    assert as_owner.get(URL).json()["availability"] == "online"
    answer = as_owner.patch(URL, {"availability": "away"})
    assert (answer.status_code, answer.json()) == (200, as_owner.get(URL).json())
    assert (answer.json()["availability"], availability(owner)) == ("away", "away")
    entry = AuditEntry.objects.get(verb="availability_changed")
    assert entry.changes == {"availability": {"old": "online", "new": "away"}}
    as_owner.patch(URL, {"availability": "away"})
    assert AuditEntry.objects.filter(verb="availability_changed").count() == 1, "nothing has changed"


def test_what_is_refused(as_owner: Any, as_customer: Any, owner: User) -> None:
    for body in ({}, {"availability": "busy"}, {"availability": None}, {"role": "admin", "availability": "away"}):
        assert as_owner.patch(URL, body).status_code == 400, body
    assert as_customer.patch(URL, {"availability": "away"}).status_code == 403
    owner.refresh_from_db()
    assert (owner.availability, owner.role) == ("online", "sales")


def test_the_list_of_colleagues_tells(as_stranger: Any, manager: User, owner: User, customer: Customer) -> None:
    User.objects.filter(pk=owner.pk).update(availability="away")
    rows = {row["id"]: row for row in as_stranger.get("/api/team/").json()}
    team = Team.objects.get()
    assert rows[owner.pk]["team"] == {"id": team.pk, "name": "North"}
    assert (rows[owner.pk]["availability"], rows[owner.pk]["open_chats"]) == ("away", 0)
    assert (rows[manager.pk]["team"], rows[manager.pk]["availability"]) == (None, "online")


def test_nobody_goes_away_unless_a_setting_says_so(owner: User) -> None:
    User.objects.update(date_joined=minutes_ago(99_999))
    note_sockets([owner.pk])
    absences()
    assert availability(owner) == "online"
    assert not LastSocket.objects.exists()


def test_who_has_no_socket_goes_away_and_comes_back(owner: User, stranger: User, settings: Any) -> None:
    settings.AWAY_AFTER_MINUTES = 5
    User.objects.update(date_joined=minutes_ago(60))
    seen(owner, minutes_ago(6))
    seen(stranger, minutes_ago(4))
    absences()
    assert (availability(owner), availability(stranger)) == ("away", "online")

    note_sockets([owner.pk, stranger.pk])
    assert availability(owner) == "online"
    absences()
    assert availability(owner) == "online"


def test_all_who_left_go_away_at_once(owner: User, stranger: User, settings: Any) -> None:
    settings.AWAY_AFTER_MINUTES = 5
    User.objects.update(date_joined=minutes_ago(60))
    for user in (owner, stranger):
        seen(user, minutes_ago(6))

    absences()

    assert [availability(user) for user in (owner, stranger)] == ["away", "away"]


def test_who_says_that_they_are_away_stays_away(as_owner: Any, owner: User, settings: Any) -> None:
    settings.AWAY_AFTER_MINUTES = 5
    as_owner.patch(URL, {"availability": "away"})
    note_sockets([owner.pk])
    assert availability(owner) == "away"


def test_who_says_that_they_are_there_has_time_to_connect(as_owner: Any, owner: User, settings: Any) -> None:
    settings.AWAY_AFTER_MINUTES = 5
    seen(owner, minutes_ago(60))
    as_owner.patch(URL, {"availability": "online"})
    absences()
    assert availability(owner) == "online"
    User.objects.update(availability_since=minutes_ago(6))
    absences()
    assert availability(owner) == "away"
