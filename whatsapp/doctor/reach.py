"""Whether Meta reaches the webhook: the name, the certificate, and whether Patter itself answers."""

import secrets
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.http.request import validate_host

from whatsapp.doctor.findings import BROKEN, OK, WARNING, Finding, TooSlow, within
from whatsapp.graph.client import tls

SECONDS = 10.0
RENEW_DAYS = 14
PATH = "/api/webhook/"
# What it means if the webhook answers a verification with this status.
_ANSWERS = {
    400: ("the host is refused.", "Add it to ALLOWED_HOSTS, and restart Patter."),
    403: (
        "the verify token is not the one that the running Patter has.",
        "Restart Patter after changing WHATSAPP_VERIFY_TOKEN.",
    ),
    404: ("there is no webhook behind it.", "Let the proxy pass everything to Patter, the path unchanged."),
    502: ("the proxy does not reach Patter.", "Start Patter, or correct the proxy's address of it."),
    503: ("Patter is busy or has no database.", "Look at /readyz."),
    504: ("the proxy does not reach Patter.", "Start Patter, or correct the proxy's address of it."),
}


def look_at_webhook() -> Iterator[Finding]:
    """Ask what Meta asks when the callback URL is set, from here. It says nothing of firewalls further out."""
    if not settings.PUBLIC_URL:
        if settings.WHATSAPP_SANDBOX:
            yield Finding("webhook", OK, "not needed in the sandbox.")
        else:
            todo = "Set PUBLIC_URL=https://desk.example.com, with your own name."
            yield Finding("webhook", WARNING, "PUBLIC_URL is not set, so it cannot be tried.", todo)
        return
    try:
        yield from within(4 * SECONDS, lambda: list(_tried()))
    except TooSlow as error:
        yield Finding("webhook", BROKEN, f"{settings.PUBLIC_URL}: {error}.", "Look at the firewall and the proxy.")


def _tried() -> Iterator[Finding]:
    address = urlsplit(settings.PUBLIC_URL)
    host, port = address.hostname or "", address.port or 443
    if not validate_host(host, settings.ALLOWED_HOSTS):
        todo = "Add it to ALLOWED_HOSTS, and restart Patter."
        yield Finding("webhook", BROKEN, f"{host} of PUBLIC_URL is not in ALLOWED_HOSTS.", todo)
    try:
        socket.getaddrinfo(host, port)
    except OSError:
        yield Finding(
            "webhook", BROKEN, f"the name {host} is not known.", "Create it in the DNS, or correct PUBLIC_URL."
        )
        return
    certificate = _certificate(host, port)
    yield certificate
    if certificate.state != BROKEN:
        yield verification()


def _certificate(host: str, port: int) -> Finding:
    try:
        with (
            socket.create_connection((host, port), SECONDS) as plain,
            tls().wrap_socket(plain, server_hostname=host) as end,
        ):
            ends = ssl.cert_time_to_seconds(str((end.getpeercert() or {})["notAfter"]))
    except ssl.SSLCertVerificationError as error:
        todo = "Get a certificate for the name, for example with certbot, and give nginx the whole chain."
        return Finding("webhook", BROKEN, f"Meta will not accept the certificate: {error.verify_message}.", todo)
    except OSError as error:
        todo = "Start the proxy, open port 443, or correct PUBLIC_URL."
        return Finding("webhook", BROKEN, f"{host}:{port} does not answer with TLS ({type(error).__name__}).", todo)
    left = datetime.fromtimestamp(ends, UTC) - datetime.now(UTC)
    if left < timedelta(days=RENEW_DAYS):
        return Finding("webhook", WARNING, f"the certificate ends in {left.days} days.", "Renew it: certbot renew.")
    return Finding("webhook", OK, f"the certificate is good for {left.days} days.")


def verification() -> Finding:
    """Ask the webhook for its verify token, as Meta does when the callback URL is set."""
    challenge = secrets.token_hex(8)
    asked = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": settings.WHATSAPP_VERIFY_TOKEN}
    if not settings.WHATSAPP_VERIFY_TOKEN:
        todo = "Set WHATSAPP_VERIFY_TOKEN to a text that nobody can guess, and restart Patter."
        return Finding("webhook", BROKEN, "there is no verify token, so Meta cannot set the callback URL.", todo)
    try:
        answer = httpx.get(f"{settings.PUBLIC_URL}{PATH}", params=asked, timeout=SECONDS, verify=tls())
    except httpx.HTTPError as error:
        text = f"{settings.PUBLIC_URL} does not answer ({type(error).__name__})."
        return Finding("webhook", BROKEN, text, "Start the proxy, or look at its log.")
    if answer.is_redirect:
        todo = "Let the proxy send X-Forwarded-Proto, and name it in FORWARDED_ALLOW_IPS."
        return Finding("webhook", BROKEN, "it is redirected, which Meta does not follow.", todo)
    if answer.status_code == 200 and answer.text == challenge:
        return Finding("webhook", OK, f"{settings.PUBLIC_URL}{PATH} answers, and knows the verify token.")
    unknown = (f"it answers {answer.status_code}, and not what Patter would.", "See what answers there.")
    text, todo = _ANSWERS.get(answer.status_code, unknown)
    return Finding("webhook", BROKEN, text, todo)
