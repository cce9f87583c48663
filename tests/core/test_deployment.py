"""What `manage.py check --deploy` says about settings with which Patter starts, and then fails behind TLS."""

import os
import subprocess
import sys

import pytest

STRONG = "only-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz-ABC"
GOOD = {"SECRET_KEY": STRONG, "WHATSAPP_SANDBOX": "1", "HTTPS_ONLY": "1"}
GOOD |= {"ALLOWED_HOSTS": "desk.example.com", "REQUIRE_ADMIN_MFA": "1"}


def check(**settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        env={"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, **GOOD, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_settings_for_a_server_behind_tls_are_fine() -> None:
    others = {"AWS_ACCESS_KEY_ID": "a", "COMPOSE_PROFILES": "tls", "TEST_REDIS_URL": "x", "WEB_CONCURRENCY": "2"}
    hosts = "desk.example.com,.example.org,[::1]"

    checked = check(FORWARDED_ALLOW_IPS="10.0.0.7,172.30.99.0/24,::1", ALLOWED_HOSTS=hosts, **others)

    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"HTTPS_ONLY": "0"}, ["Set HTTPS_ONLY=1", "security.W004", "security.W008", "security.W010", "security.W016"]),
        ({"FORWARDED_ALLOW_IPS": "*"}, ["patter.W002", "Name the addresses"]),
        ({"FORWARDED_ALLOW_IPS": "10.0.0.7/24"}, ["patter.E002", "'10.0.0.7/24'"]),
        ({"FORWARDED_ALLOW_IPS": "127.0.0.1,proxy"}, ["patter.E002", "'proxy'"]),
        ({"ALLOWED_HOSTS": "*"}, ["patter.W003"]),
        ({"ALLOWED_HOSTS": "localhost,127.0.0.1"}, ["patter.W004", "Set ALLOWED_HOSTS"]),
        ({"ALLOWED_HOSTS": "https://desk.example.com"}, ["patter.E003", "without https://"]),
        ({"ALLOWED_HOSTS": "desk.example.com:443"}, ["patter.E003", "and port"]),
        ({"HTPS_ONLY": "1"}, ["patter.W006", "HTPS_ONLY is no setting", "Did you mean HTTPS_ONLY?"]),
        ({"EMAIL_URI": "x"}, ["patter.W006", "Did you mean EMAIL_URL?"]),
        ({"REQUIRE_ADMIN_MFA": "0"}, ["patter.W005", "Set REQUIRE_ADMIN_MFA=1"]),
        ({"DEBUG": "1"}, ["security.W018"]),
        ({"CSRF_TRUSTED_ORIGINS": "desk.example.com"}, ["CSRF_TRUSTED_ORIGINS"]),
    ],
    ids=[
        "no TLS",
        "every proxy",
        "host bits",
        "a name",
        "every host",
        "only here",
        "a host with its scheme",
        "a host with its port",
        "a misspelled name",
        "another misspelled name",
        "no second factor",
        "debug",
        "no scheme",
    ],
)
def test_others_are_named(settings: dict[str, str], says: list[str]) -> None:
    checked = check(**settings)

    assert checked.returncode == 1
    for text in says:
        assert text in checked.stderr
    assert STRONG not in checked.stderr
