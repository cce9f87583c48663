"""What `manage.py check --deploy` says beside what Django itself says."""

import difflib
import ipaddress
import os
import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

_LOCAL = {"localhost", "127.0.0.1", "[::1]", "::1"}
# A letter or two apart; TEST_REDIS_URL and REDIS_URL are not.
_NEARLY = 0.85


@register(Tags.security, deploy=True)
def check_deployment(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Find settings with which Patter starts, and then fails or is not safe behind TLS."""
    return [*_https(), *_proxies(), *_hosts(), *_admins(), *_names()]


def _https() -> list[CheckMessage]:
    if settings.HTTPS_ONLY:
        return []
    hint = "Set HTTPS_ONLY=1. It answers security.W004, W008, W010 and W016 as well."
    return [Warning("HTTPS_ONLY is off: passwords and tokens may travel unencrypted.", hint, id="patter.W001")]


def _proxies() -> list[CheckMessage]:
    given = [one.strip() for one in settings.FORWARDED_ALLOW_IPS.split(",") if one.strip()]
    if "*" in given:
        hint = "Name the addresses or the network of your proxies, unless nobody else can connect."
        return [Warning("FORWARDED_ALLOW_IPS is *: anybody may choose their address.", hint, id="patter.W002")]
    return [
        Error(
            f"FORWARDED_ALLOW_IPS has {one!r}, which is neither an address nor a network, so it matches nobody.",
            "Write 10.0.0.7, or 10.0.0.0/24 with zeros at the end.",
            id="patter.E002",
        )
        for one in given
        if not is_address(one)
    ]


def _admins() -> list[CheckMessage]:
    if settings.REQUIRE_ADMIN_MFA:
        return []
    hint = "Set REQUIRE_ADMIN_MFA=1: admins without a second factor set it up when they sign in next."
    return [Warning("REQUIRE_ADMIN_MFA is off: admins may sign in with a password alone.", hint, id="patter.W005")]


def is_address(text: str) -> bool:
    """Whether this is an address or a network, as FORWARDED_ALLOW_IPS may have."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _hosts() -> list[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS:
        hint = "Name the hosts under which people reach Patter."
        return [Warning("ALLOWED_HOSTS is *: links may lead to a host of somebody else.", hint, id="patter.W003")]
    if odd := [host for host in settings.ALLOWED_HOSTS if "/" in host or re.search(r"[^\]:]:\d+$", host)]:
        hint = "Write desk.example.com, without https:// and port."
        return [
            Error(f"ALLOWED_HOSTS has {odd[0]!r}, which is not a name, so it matches nobody.", hint, id="patter.E003")
        ]
    if set(settings.ALLOWED_HOSTS) <= _LOCAL:
        hint = "Set ALLOWED_HOSTS=desk.example.com, with your own name."
        return [Warning("ALLOWED_HOSTS has only this machine: all others get 400.", hint, id="patter.W004")]
    return []


def _names() -> list[CheckMessage]:
    """Names in the environment and `.env` that are nearly those of settings: nobody reads them."""
    known = sorted(settings.SETTING_NAMES)
    return [
        Warning(f"{name} is no setting, so nothing reads it.", f"Did you mean {near[0]}?", id="patter.W006")
        for name in sorted(set(os.environ) - settings.SETTING_NAMES)
        if (near := difflib.get_close_matches(name.upper(), known, 1, _NEARLY))
    ]
