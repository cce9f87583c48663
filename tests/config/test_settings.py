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
    ],
)
def test_it_refuses_and_says_why(environment: dict[str, str], reason: str) -> None:
    refused = start(**environment)

    assert refused.returncode != 0
    last_line = refused.stderr.strip().splitlines()[-1]
    assert last_line.startswith("django.core.exceptions.ImproperlyConfigured")
    assert reason in last_line
    assert STRONG not in refused.stderr


def test_installations_that_share_a_redis_server_do_not_hear_each_other() -> None:
    """PUBLISH reaches subscribers in all databases of the server. Only the prefix keeps installations apart."""
    prefix = 's.CHANNEL_LAYERS["default"]["CONFIG"]["prefix"]'
    names = [
        start(prefix, **SAFE, DATABASE_URL="postgres://u:p@h/d", REDIS_URL=f"redis://h/{number}").stdout
        for number in (0, 1)
    ]

    assert all(names)
    assert len(set(names)) == 2
