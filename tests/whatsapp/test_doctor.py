"""`manage.py doctor`: each thing that can be wrong has a line that says what to do."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from core.models import Chore
from customers.models import Customer
from messaging.models import UNTIL_RESUMED, BusinessNumber, Direction, Message, PauseKind, Status
from tests.graph_double import GraphDouble, meta_error
from tests.webhooks import PHONE_NUMBER_ID
from whatsapp.doctor import machine, reach
from whatsapp.models import NumberAccess, Template, WebhookEvent, WebhookState

SCOPES = ["whatsapp_business_messaging", "whatsapp_business_management"]
ACCOUNT, APP = "2000", "3000"


class Doctor:
    """Runs the command; `lines` are what it said, by part."""

    def __call__(self) -> int:
        out = StringIO()
        try:
            call_command("doctor", stdout=out, no_color=True)
            status = 0
        except SystemExit as ended:
            status = int(ended.code or 0)
        self.text = out.getvalue()
        assert "Traceback" not in self.text
        return status

    def said(self, state: str, part: str) -> str:
        """The lines about a part in this state."""
        lines = [line for line in self.text.splitlines() if line.split()[:2] == [state, part]]
        assert lines, f"no {state} {part} in\n{self.text}"
        return "\n".join(lines)


@pytest.fixture
def doctor(db: None, settings: Any) -> Doctor:
    settings.HTTPS_ONLY, settings.ALLOWED_HOSTS = True, ["desk.example.com", "localhost"]
    for name in ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"):
        setattr(settings, name, True)
    settings.SECURE_HSTS_SECONDS = 31536000
    return Doctor()


@pytest.fixture
def graph() -> Iterator[GraphDouble]:
    with GraphDouble() as double:
        double.says = {
            "debug_token": {"data": {"is_valid": True, "app_id": APP, "expires_at": 0, "scopes": SCOPES}},
            APP: {"id": APP},
            f"{ACCOUNT}/subscribed_apps": {"data": [{"whatsapp_business_api_data": {"id": APP}}]},
            PHONE_NUMBER_ID: {
                "display_phone_number": "+1 555-078-3881",
                "verified_name": "Oak & Sons",
                "status": "CONNECTED",
                "quality_rating": "GREEN",
            },
        }
        yield double


@pytest.fixture
def real(graph: GraphDouble, connect: Callable[[str], None], settings: Any) -> GraphDouble:
    """A Patter with a real number that is well connected."""
    connect(graph.url)
    settings.WHATSAPP_BUSINESS_ACCOUNT_ID = ACCOUNT
    Template.objects.create(waba_id=ACCOUNT, name="hello", language="en", status="APPROVED")
    return graph


def test_the_sandbox_needs_nothing(doctor: Doctor) -> None:
    assert doctor() == 0
    assert "sandbox" in doctor.said("ok", "token")
    assert doctor.said("ok", "disk").count("GB free") >= 2
    if connection.vendor == "postgresql":
        assert "UTF-8" in doctor.said("ok", "encoding")
        assert "pg_trgm" in doctor.said("ok", "extensions")
        assert "database" in doctor.said("ok", "clock")


def test_a_number_that_is_well_connected(doctor: Doctor, real: GraphDouble) -> None:
    assert doctor() == 0
    assert "does not end" in doctor.said("ok", "token")
    assert "token's app" in doctor.said("ok", "secret")
    assert "told to the app" in doctor.said("ok", "account")
    assert "+1 555-078-3881 (Oak & Sons) is connected" in doctor.said("ok", "numbers")
    assert "PUBLIC_URL" in doctor.said("warning", "webhook")
    assert "Meta" in doctor.said("ok", "clock")
    # Secrets travel in headers: URLs are logged on the way.
    assert all("app-secret" not in str(query) for _, path, query, _ in real.asked if path != "debug_token")
    assert "EAAsecret-token" not in doctor.text
    assert "app-secret" not in doctor.text


Said = dict[str, Any]


def token(**changes: Any) -> Said:
    return {"debug_token": {"data": {"is_valid": True, "app_id": APP, "expires_at": 0, "scopes": SCOPES, **changes}}}


@pytest.mark.parametrize(
    ("says", "state", "part", "text"),
    [
        (token(is_valid=False, error={"message": "Session has expired"}), "broken", "token", "Session has expired"),
        ({"debug_token": (400, meta_error(190, "Malformed"))}, "broken", "token", "Meta says: (#190) Malformed"),
        (token(scopes=SCOPES[:1]), "broken", "token", "it lacks whatsapp_business_management"),
        (token(expires_at=int(time.time()) + 86400), "warning", "token", "it ends on"),
        (token(expires_at=int(time.time()) + 86400 * 50), "ok", "token", "it ends on"),
        ({APP: (400, meta_error(190, "Invalid"))}, "broken", "secret", "App settings > Basic"),
        ({f"{ACCOUNT}/subscribed_apps": {"data": []}}, "broken", "account", "so no message arrives"),
        ({f"{ACCOUNT}/subscribed_apps": (400, meta_error(100, "No"))}, "broken", "account", "BUSINESS_ACCOUNT_ID"),
        ({PHONE_NUMBER_ID: (400, meta_error(100, "Unsupported"))}, "broken", "numbers", "Correct its id"),
        ({PHONE_NUMBER_ID: {"status": "PENDING"}}, "broken", "numbers", "is PENDING"),
        ({PHONE_NUMBER_ID: {"quality_rating": "RED"}}, "warning", "numbers", "quality is low"),
        ({"debug_token": (200, [])}, "broken", "token", "not Meta"),
    ],
)
def test_what_meta_says(doctor: Doctor, real: GraphDouble, says: Said, state: str, part: str, text: str) -> None:
    real.says |= says

    assert doctor() == int(state == "broken")
    assert text in doctor.said(state, part)


def test_meta_cannot_be_reached(doctor: Doctor, connect: Callable[[str], None], number: BusinessNumber) -> None:
    connect("http://127.0.0.1:9")

    assert doctor() == 1
    assert "Meta cannot be reached (ConnectError)" in doctor.said("broken", "token")
    assert "firewall" in doctor.said("broken", "numbers")


def test_numbers_that_send_nothing(doctor: Doctor, real: GraphDouble, number: BusinessNumber) -> None:
    other = BusinessNumber.objects.create(external_id="777", display="15550001")
    NumberAccess.objects.create(number=other)
    BusinessNumber.objects.filter(pk=number.pk).update(
        paused_until=UNTIL_RESUMED, pause_kind=PauseKind.PAUSED, reason="WhatsApp denied us access (190)"
    )

    assert doctor() == 1
    assert "sends nothing until somebody acts: WhatsApp denied us access (190)" in doctor.said("broken", "numbers")
    assert "whatsapp 15550001 has no access token" in doctor.said("broken", "numbers")


def test_templates(doctor: Doctor, real: GraphDouble, settings: Any) -> None:
    settings.WHATSAPP_CODE_TEMPLATE = "code:en"
    assert doctor() == 1
    assert "names code:en" in doctor.said("broken", "templates")

    Template.objects.create(waba_id=ACCOUNT, name="code", language="en", status="APPROVED")
    assert doctor() == 0
    Template.objects.all().delete()
    settings.WHATSAPP_CODE_TEMPLATE = ""
    assert doctor() == 0
    assert "manage.py sync_templates" in doctor.said("warning", "templates")


def test_what_waits(doctor: Doctor, customer: Customer, number: BusinessNumber, settings: Any) -> None:
    WebhookEvent.objects.create(body=b"{}", state=WebhookState.FAILED)
    Chore.objects.create(name="prune", error="disk on fire")
    assert doctor() == 0
    assert "replay_webhooks" in doctor.said("warning", "queue")
    assert "prune failed" in doctor.said("warning", "chores")

    then = timezone.now() - timedelta(seconds=90)
    Message.objects.create(
        customer=customer,
        business_number=number,
        direction=Direction.OUTBOUND,
        status=Status.QUEUED,
        not_before=then,
    )
    assert doctor() == 1
    assert "waiting for 9" in doctor.said("broken", "queue")


def test_settings(doctor: Doctor, settings: Any) -> None:
    settings.HTTPS_ONLY, settings.SECURE_SSL_REDIRECT, settings.FORWARDED_ALLOW_IPS = False, False, "proxy"

    assert doctor() == 1
    assert "Set HTTPS_ONLY=1" in doctor.said("warning", "settings")
    assert "'proxy'" in doctor.said("broken", "settings")


def test_migrations(doctor: Doctor) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'whatsapp'")

    assert doctor() == 1
    assert "Run manage.py migrate" in doctor.said("broken", "migrations")
    assert "must work first" in doctor.said("warning", "queue")


def test_redis(doctor: Doctor, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    assert doctor() == 1
    assert "correct REDIS_URL" in doctor.said("broken", "redis")


def test_disks(doctor: Doctor, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    settings.MEDIA_ROOT = str(tmp_path / "file" / "media")
    assert doctor() == 1
    assert "cannot be written" in doctor.said("broken", "disk")

    settings.MEDIA_ROOT = str(tmp_path)
    usage = machine.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: usage._replace(free=1024**3))
    assert doctor() == 0
    assert "Make room" in doctor.said("warning", "disk")
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: usage._replace(free=1024**2))
    assert doctor() == 1


@pytest.mark.parametrize(("seconds", "state"), [(2, "ok"), (30, "warning"), (-3600, "broken")])
def test_clocks(seconds: int, state: str) -> None:
    finding = machine.clock(datetime.now(UTC) + timedelta(seconds=seconds), "Meta")

    assert finding.state == state
    assert ("chrony" in finding.todo) == (state != "ok")


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://desk.example.invalid", "is not in ALLOWED_HOSTS"),
        ("https://desk.example.com", "is not known"),
        ("https://localhost:9", "does not answer with TLS"),
    ],
)
def test_addresses_that_lead_nowhere(
    doctor: Doctor, settings: Any, monkeypatch: pytest.MonkeyPatch, url: str, text: str
) -> None:
    known = reach.socket.getaddrinfo

    def resolve(host: str, *args: Any) -> Any:
        if host != "localhost":
            raise OSError
        return known(host, *args)

    monkeypatch.setattr(reach.socket, "getaddrinfo", resolve)
    settings.PUBLIC_URL = url

    assert doctor() == 1
    assert text in doctor.said("broken", "webhook")


def test_whatever_goes_wrong_is_one_line(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("a surprise\nof two lines")

    monkeypatch.setattr(machine, "_migrations", fail)

    assert doctor() == 1
    assert "RuntimeError: a surprise of two lines" in doctor.said("broken", "database")
