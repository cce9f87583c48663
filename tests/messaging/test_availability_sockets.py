"""A socket makes its user be online again, and everybody hears who comes and goes."""

from typing import Any

import pytest

from accounts.models import LastSocket, User

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_socket_brings_back_who_was_away_for_want_of_one(
    open_socket: Any, token_of: Any, owner: Any, stranger: Any, settings: Any
) -> None:
    settings.AWAY_AFTER_MINUTES = 5
    User.objects.filter(pk__in=[owner.pk, stranger.pk]).update(availability="away")
    User.objects.filter(pk=owner.pk).update(away_by_itself=True)
    others = open_socket("/ws/inbox/", token_of(stranger))
    assert others.read()["type"] == "ready"
    mine = open_socket("/ws/inbox/", token_of(owner))

    said = others.read_type("availability_changed")
    assert said["data"] == {"user": {"id": owner.pk, "name": owner.name}, "availability": "online"}
    assert mine.read_type("ready")
    assert LastSocket.objects.filter(user=owner).exists()
    assert User.objects.get(pk=stranger.pk).availability == "away"
