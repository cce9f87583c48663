import json
import logging
import sys
import time

import pytest
from django.test import RequestFactory

from core.logs import MOST_NAMES, HideSecrets, JsonLines, RefusedHosts
from core.redaction import message_of


@pytest.mark.parametrize(
    "name",
    [
        *("ticket", "token", "access_token", "sig", "Token", "%74oken", "to%6Be%4e", "%74icket", "%2574icket"),
        *("%252574oken", "search", "phone", "q", "se%61rch", "phone__in", "name[]"),
    ],
)
@pytest.mark.parametrize(
    "value", ["s3cret", "%2B94771234567", "%252B94771234567", "94771234567", "nimal%40example.com"]
)
def test_tokens_searches_and_phones_never_reach_a_log(name: str, value: str) -> None:
    path = f"/ws/chat/1/?last_seq=3&{name}={value}&page=1"
    words = ("127.0.0.1:1", path)
    line = logging.LogRecord("uvicorn.error", logging.INFO, "", 0, '%s - "WebSocket %s" [accepted]', words, None)
    assert HideSecrets().filter(line)

    hidden = f'127.0.0.1:1 - "WebSocket /ws/chat/1/?last_seq=3&{name}=...&page=1" [accepted]'
    assert line.getMessage() == hidden
    assert message_of(record("opened %s", path)) == f"opened /ws/chat/1/?last_seq=3&{name}=...&page=1"
    assert json.loads(JsonLines().format(record(path)))["message"] == f"/ws/chat/1/?last_seq=3&{name}=...&page=1"


@pytest.mark.parametrize(
    "said",
    [
        "sec-websocket-protocol: bearer, eyJhbGciOiJIUzI1NiJ9.eyJzaWQiOiIxIn0.s3cret-_x",
        "GET /?next=%3Fticket%3Ds3cret",
        "somebody typed ticket%3ds3cret",
        "/customers/%2B94771234567/s3cret".replace("/s3cret", "?s3cret=s3cret"),
        "asked for nimal%40example.com?x=s3cret",
    ],
)
def test_what_is_hidden_elsewhere(said: str) -> None:
    hidden = message_of(record(said))

    assert "s3cret" not in hidden.replace("?s3cret=", "")
    assert "94771234567" not in hidden
    assert "nimal" not in hidden


def record(message: str, *args: object, name: str = "x", **more: object) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.ERROR, "", 0, message, args, None)
    made.__dict__ |= more
    return made


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("Nimal Perera"), "KeyError()"),
        (ValueError("invalid literal for int(): 'Nimal'"), "ValueError(invalid literal for int(): ...)"),
        (
            ValueError('violates "customer_phone_once"\nDETAIL:  Key (phone)=(+94771234567) already exists.'),
            'ValueError(violates "customer_phone_once")',
        ),
        (
            ValueError("no route to nimal@example.com, +94771234567 or 94771234567"),
            "ValueError(no route to ..., ... or ...)",
        ),
        (OSError(28, "No space left on device"), "OSError([Errno 28] No space left on device)"),
        (ValueError("took 12.345678901 s, wamid.94771234567A"), "ValueError(took 12.345678901 s, wamid.94771234567A)"),
    ],
)
def test_an_exception_is_logged_without_the_values_it_quotes(error: Exception, said: str) -> None:
    assert message_of(record("it failed: %r", error)) == f"it failed: {said}"


def test_a_traceback_is_logged_without_them() -> None:
    try:
        try:
            raise KeyError("Nimal Perera")
        except KeyError as cause:
            raise ValueError("no such customer: 'Nimal Perera'") from cause
    except ValueError:
        line = json.loads(JsonLines().format(record("oh", exc_info=sys.exc_info())))

    assert line["error"] == "ValueError"
    assert line["traceback"].count("Traceback (most recent call last)") == 2
    assert "no such customer: ..." in line["traceback"]
    assert "test_logs.py" in line["traceback"]


def test_refused_hosts_are_named_once_a_minute(rf: RequestFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 600.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    said = RefusedHosts()

    def refuse(host: str) -> bool:
        return said.filter(record("Invalid HTTP_HOST header: %r", host, request=rf.get("/", HTTP_HOST=host)))

    assert [refuse("a.example"), refuse("a.example"), refuse("b.example")] == [True, False, True]
    assert sum(refuse(f"{number}.example") for number in range(100)) == MOST_NAMES - 2
    now += 60
    assert [refuse("a.example"), refuse("a.example")] == [True, False]
