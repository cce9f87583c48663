"""Guesses over many logins and from many addresses are bounded, and nobody who is signed in notices."""

import asyncio
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from rest_framework.test import APIClient

from accounts.models import AuditEntry, Session, User
from config import answers
from config.bridge import Bridge
from config.lanes import Lanes
from core.holding import Hold, hold_answer, take_hold
from core.throttles import network_of
from tests.cast import PASSWORD, ClientOf

URL = "/api/auth/login/"
OLD = "/api/customers/customers/change_password/"


def guess(client: APIClient, name: str, address: str, password: str = "wrong") -> Any:
    take_hold()  # a request begins without one
    return client.post(URL, {"username": name, "password": password}, REMOTE_ADDR=address)


def wait() -> float:
    """How long the answer that was just made is to be held."""
    hold = take_hold()
    return hold.seconds if hold is not None else 0


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """What reaches the hash, of known and unknown logins."""
    done: list[None] = []
    monkeypatch.setattr(User, "check_password", lambda self, raw: done.append(None))
    monkeypatch.setattr(User, "set_password", lambda self, raw: done.append(None))
    return done


@pytest.fixture
def failed_often(anonymous: APIClient, owner: User, settings: Any) -> APIClient:
    """Somebody failed as often as allowed for Sam and for nobody, from everywhere."""
    settings.THROTTLE_LOGIN_DELAY = "3/day"
    for number in range(3):
        for name in ("sam", "nobody"):
            assert guess(anonymous, name, f"10.0.0.{number}").status_code == 401
            assert wait() == 0
    return anonymous


def test_a_thousand_sprayed_failures(
    anonymous: APIClient, as_owner: APIClient, owner: User, hashed: list[None], settings: Any
) -> None:
    logins = [f"somebody{number}" for number in range(199)] + ["sam"]
    reached: dict[str, int] = {}
    addresses = [f"10.0.0.{number % 20}" for number in range(1000)] + ["10.0.0.0"] * 80
    for number, address in enumerate(addresses):
        before = len(hashed)
        guess(anonymous, logins[number * 7 % 200], address)
        reached[address] = reached.get(address, 0) + len(hashed) - before
    assert reached.pop("10.0.0.0") == 100, "and no more, however long it goes on"
    assert set(reached.values()) == {50}
    assert as_owner.get("/api/auth/me/").status_code == 200
    assert wait() == 0, "who is signed in waits for nothing"


def test_an_address_is_told_when_to_go_on(anonymous: APIClient, db: None, settings: Any) -> None:
    settings.THROTTLE_LOGIN_ADDRESS = "3/hour"
    statuses = [guess(anonymous, uuid4().hex, "10.0.0.1") for _ in range(4)]
    assert [answer.status_code for answer in statuses] == [401] * 3 + [429]
    assert 0 < int(statuses[-1]["Retry-After"]) <= 3600
    assert guess(anonymous, "somebody", "10.0.0.2").status_code == 401
    assert AuditEntry.objects.filter(verb="sign_in_throttled").count() == 1


def test_an_own_login_does_not_buy_more_guesses(anonymous: APIClient, owner: User, settings: Any) -> None:
    settings.THROTTLE_LOGIN_ADDRESS = "3/hour"
    for _ in range(3):
        assert guess(anonymous, uuid4().hex, "10.0.0.1").status_code == 401
        guess(anonymous, "sam", "10.0.0.1", PASSWORD)
    assert guess(anonymous, uuid4().hex, "10.0.0.1").status_code == 429


def test_an_office_that_signs_in_does_not_count(anonymous: APIClient, owner: User, settings: Any) -> None:
    settings.THROTTLE_LOGIN_ADDRESS = "2/hour"
    assert [guess(anonymous, "sam", "10.0.0.1", PASSWORD).status_code for _ in range(6)] == [200] * 6


def test_a_network_of_ipv6_is_one_address() -> None:
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9") != network_of("2001:db8:1:3::1")
    assert network_of("::ffff:10.0.0.1") == network_of("10.0.0.1")
    assert network_of("") == ""


@pytest.mark.parametrize("name", ["sam", "nobody"])
def test_further_failures_take_longer_whoever_it_is(failed_often: APIClient, name: str) -> None:
    for number in range(5):
        assert guess(failed_often, name, f"10.1.0.{number}").status_code == 401
        assert wait() == number + 1


def test_the_delay_ends_at_a_minute(failed_often: APIClient, settings: Any) -> None:
    settings.THROTTLE_LOGIN = "1000/min"
    settings.THROTTLE_LOGIN_ADDRESS = "1000/min"
    for _ in range(70):
        guess(failed_often, "sam", "10.1.0.1")
    assert wait() == 60


def test_the_right_password_waits_as_long_and_works(failed_often: APIClient, settings: Any) -> None:
    assert guess(failed_often, "sam", "10.1.0.1", PASSWORD).status_code == 200
    assert wait() == 1
    assert Session.objects.count() == 1


def test_django_admin_waits_too(anonymous: APIClient, admin: User, settings: Any) -> None:
    settings.THROTTLE_LOGIN_DELAY = "1/day"
    for seconds in (0, 1):
        anonymous.post("/admin/login/", {"username": "ada", "password": "wrong"}, format="multipart")
        assert wait() == seconds


def test_the_old_password_is_guessed_as_slowly(owner: User, client_of: ClientOf, settings: Any) -> None:
    settings.THROTTLE_LOGIN_DELAY = "1/day"
    settings.THROTTLE_LOGIN = "2/min"
    body = {"old_password": "wrong", "new_password": "mango-river-88", "new_password2": "mango-river-88"}
    client = client_of(owner)
    for status, seconds in ((400, 0), (400, 1), (429, 0)):
        assert client.post(OLD, body).status_code == status
        assert wait() == seconds
    # Who is signed in may still do everything else.
    assert client.get("/api/auth/me/").status_code == 200
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


# --- Holding an answer takes no thread ---

SCOPE = {"type": "http", "method": "POST", "path": "/x/", "query_string": b"", "http_version": "1.1", "headers": []}


def holding(key: str, seconds: float) -> Any:
    def view(environ: Any, start_response: Any) -> Any:
        hold_answer(seconds, key)
        start_response("401 Unauthorized", [])
        return HttpResponse(b"no")

    return view


async def ask(bridge: Bridge, *, leaves: bool = False) -> list[int]:
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(0 if leaves else 3600)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await bridge(SCOPE, BytesIO(), receive, send)
    return [message["status"] for message in sent if message["type"] == "http.response.start"]


def test_a_held_answer_comes_and_holds_no_thread() -> None:
    async def scenario() -> None:
        lanes = Lanes()
        bridge = Bridge(holding("a", 3600), lanes)
        waiting = [asyncio.create_task(ask(bridge)) for _ in range(answers.MOST_OF_ONE_KEY)]
        while bridge.holding.held["a"] < answers.MOST_OF_ONE_KEY:
            await asyncio.sleep(0)
        assert lanes.others.held == 0
        assert await ask(bridge) == [503], "of one login only so many wait"
        assert await ask(Bridge(holding("b", 0.001), lanes)) == [401]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert not bridge.holding.held

    asyncio.run(scenario())


def test_who_leaves_gets_no_answer_and_frees_the_place() -> None:
    async def scenario() -> None:
        bridge = Bridge(holding("a", 3600), Lanes())
        assert await ask(bridge, leaves=True) == []
        assert not bridge.holding.held

    asyncio.run(scenario())


def test_the_longest_hold_counts() -> None:
    take_hold()
    for seconds in (1, 3, 2):
        hold_answer(seconds, "a")
    assert take_hold() == Hold(3, "a")
    assert take_hold() is None
