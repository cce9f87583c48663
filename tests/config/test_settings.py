"""Patter refuses to start with unsafe settings, and says why."""

import os
import subprocess
import sys

import pytest

STRONG = "only-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz-ABC"
SAFE = {"SECRET_KEY": STRONG, "WHATSAPP_SANDBOX": "1"}
REAL = {"WHATSAPP_ACCESS_TOKEN": "t", "WHATSAPP_APP_SECRET": "s", "WHATSAPP_PHONE_NUMBER_ID": "1"}


def start(
    show: str = "s.EMBEDDED, s.WHATSAPP_SANDBOX, s.DEBUG", **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Import the settings in a process with only this environment, and print the expressions in `show`."""
    return subprocess.run(
        [sys.executable, "-c", f"import config.settings as s; print({show})"],
        env={"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        (SAFE, "True True False"),
        ({"DEBUG": "1"}, "True True True"),
        ({"DEBUG": "1", "SECRET_KEY": "", "DATABASE_URL": "", "REDIS_URL": ""}, "True True True"),
        ({"SECRET_KEY": STRONG, **REAL}, "True False False"),
        ({**SAFE, "DATABASE_URL": "postgres://u:p@h/d", "REDIS_URL": "redis://h"}, "False True False"),
    ],
    ids=["sandbox", "debug", "named but empty", "real number", "services"],
)
def test_it_starts(environment: dict[str, str], says: str) -> None:
    started = start(**environment)

    assert started.returncode == 0, started.stderr
    assert started.stdout.strip() == says


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"WHATSAPP_SANDBOX": "1"}, "Set SECRET_KEY"),
        ({**SAFE, "SECRET_KEY": "short"}, "SECRET_KEY is weak"),
        ({**SAFE, "SECRET_KEY": "a" * 60}, "SECRET_KEY is weak"),
        (
            {**SAFE, "SECRET_KEY": "development-key-never-use-it-where-anybody-else-can-reach-patter"},
            "SECRET_KEY is weak",
        ),
        ({**SAFE, **REAL, "WHATSAPP_APP_SECRET": ""}, "WHATSAPP_ACCESS_TOKEN is set without WHATSAPP_APP_SECRET"),
        ({**SAFE, **REAL, "WHATSAPP_PHONE_NUMBER_ID": ""}, "needs WHATSAPP_PHONE_NUMBER_ID"),
        ({"SECRET_KEY": STRONG}, "WHATSAPP_ACCESS_TOKEN is not set"),
        ({**SAFE, "REDIS_URL": "redis://h"}, "REDIS_URL is for several processes, but SQLite serves only one"),
        ({**SAFE, "ASSIGNMENT_STRATEGY": "dice"}, "ASSIGNMENT_STRATEGY must be round_robin, least_busy or manual"),
        ({**SAFE, "THROTTLE_LOGIN": "often"}, "THROTTLE_LOGIN is 'often'"),
        ({**SAFE, "MAX_UPLOAD_MB": "-1"}, "MAX_UPLOAD_MB is '-1'"),
        ({**SAFE, "EVENT_RETENTION_DAYS": "abc"}, "EVENT_RETENTION_DAYS is 'abc'"),
        ({**SAFE, "PHONE_DEFAULT_REGION": "QQ"}, "PHONE_DEFAULT_REGION is 'QQ'"),
        ({**SAFE, "HTTPS_ONLY": "yess"}, "HTTPS_ONLY is 'yess', but must be 1 or 0"),
        ({**SAFE, "TIME_ZONE": "Colombo"}, "TIME_ZONE is 'Colombo'"),
        ({**SAFE, "TIME_ZONE": "../etc/passwd"}, "TIME_ZONE is '../etc/passwd'"),
        ({**SAFE, "PORT": "65536"}, "PORT is '65536', but must be 65535 at most"),
        ({**SAFE, "SESSION_DAYS": "36501"}, "SESSION_DAYS is '36501', but must be 36500 at most"),
        ({**SAFE, "STATEMENT_TIMEOUT": "9" * 5000}, "STATEMENT_TIMEOUT is '9999"),
        ({**SAFE, "EMAIL_URL": "mail.example.com"}, "EMAIL_URL must be like smtp+tls://"),
        ({**SAFE, "WHATSAPP_GRAPH_URL": "graph.facebook.com"}, "WHATSAPP_GRAPH_URL is 'graph.facebook.com'"),
        ({**SAFE, "WHATSAPP_GRAPH_VERSION": "newest"}, "WHATSAPP_GRAPH_VERSION is 'newest'"),
    ],
    ids=[
        "no key",
        "short",
        "monotone",
        "public",
        "no secret",
        "no number",
        "no token",
        "sqlite+redis",
        "strategy",
        "rate",
        "negative",
        "no number at all",
        "region",
        "neither yes nor no",
        "zone",
        "no zone",
        "no port",
        "an age",
        "endless",
        "mail",
        "graph",
        "version",
    ],
)
def test_it_refuses_and_says_why(environment: dict[str, str], reason: str) -> None:
    refused = start(**environment)

    assert refused.returncode != 0
    last_line = refused.stderr.strip().splitlines()[-1]
    assert last_line.startswith("django.core.exceptions.ImproperlyConfigured")
    assert reason in last_line
    assert STRONG not in refused.stderr


NAMED_BUT_EMPTY = ("ASSIGNMENT_STRATEGY", "PHONE_DEFAULT_REGION", "WHATSAPP_READ_RECEIPTS", "WHATSAPP_GRAPH_URL")


def test_what_is_named_but_empty_is_as_if_it_were_not_there() -> None:
    show = f"[getattr(s, name) for name in {NAMED_BUT_EMPTY}]"
    assert start(show, **SAFE, **dict.fromkeys(NAMED_BUT_EMPTY, "")).stdout == start(show, **SAFE).stdout != ""


@pytest.mark.parametrize("name", ["DATABASE_URL", "REPORTS_DATABASE_URL"])
@pytest.mark.parametrize(
    "url",
    ["h", "mysql://u:secret@h/d", "postgre://u:secret@h/d", "postgres://u:secret@h:x/d", "postgres://u:secret@h",
     "postgres://u:secret@h:70000/d", "sqlite://", "sqlite://:memory:", "sqlite://var/patter.sqlite3"],
)  # fmt: skip
def test_addresses_that_are_none_of_a_database(name: str, url: str) -> None:
    refused = start(**{**SAFE, "DATABASE_URL": "postgres://u:p@h/d", name: url})

    assert f"{name} must be like postgres://user:password@host:5432/database" in refused.stderr.splitlines()[-1]
    assert "secret" not in refused.stderr.replace(url, "")


@pytest.mark.parametrize("url", ["h", "http://h", "redis://h:x/0", "redis://h/one", "redis://h/1/2"])
def test_addresses_that_are_none_of_redis(url: str) -> None:
    refused = start(**SAFE, DATABASE_URL="postgres://u:p@h/d", REDIS_URL=url)

    assert "ImproperlyConfigured: REDIS_URL must be" in refused.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgres://u:secret@127.0.0.1:1/d", "Connection refused. Is the server running"),
        ("postgres://u:secret@nowhere.invalid/d", "nowhere.invalid"),
        ("postgres://u:secret@127.0.0.1:1/d?ssl=yes", 'invalid connection option "ssl"'),
        ("sqlite:////nowhere/patter.sqlite3", "unable to open database file"),
    ],
)
def test_a_command_without_a_database_ends_with_a_line(url: str, reason: str) -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        env={"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, **SAFE, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert line.startswith("There is no connection to the database that DATABASE_URL names: ")
    assert reason in line
    assert "secret" not in line


def test_installations_that_share_a_redis_server_do_not_hear_each_other() -> None:
    """PUBLISH reaches subscribers in all databases of the server. Only the prefix keeps installations apart."""
    prefix = 's.CHANNEL_LAYERS["default"]["CONFIG"]["prefix"]'
    names = [
        start(prefix, **SAFE, DATABASE_URL="postgres://u:p@h/d", REDIS_URL=f"redis://h/{number}").stdout
        for number in (0, 1)
    ]

    assert all(names)
    assert len(set(names)) == 2
