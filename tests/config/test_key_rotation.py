"""SECRET_KEY and FIELD_ENCRYPTION_KEYS are replaced while everybody works."""

import inspect
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import rest_framework_simplejwt.state as simplejwt
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient
from rest_framework_simplejwt.backends import TokenBackend

from accounts.actions.sessions import sign_in
from accounts.models import Mail, User
from accounts.tokens import _signed
from core.encryption import EncryptedTextField, decrypt, encrypt
from customers.models import Customer, PhoneCode
from messaging.models import BusinessNumber
from tests.customer_data.uploads import DATA, PDF, a_file, body_of
from whatsapp.models import NumberAccess
from whatsapp.webhook.signature import is_signed, sign

NEW = "another-key-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQ"
Rotate = Callable[..., None]


@pytest.fixture
def rotate(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rotate]:
    """Replace SECRET_KEY as a restart with another .env does; `keep` the old one in SECRET_KEY_FALLBACKS."""

    def rotated(*, keep: bool = True) -> None:
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY] if keep else []
        settings.SECRET_KEY = NEW
        backend = TokenBackend("HS256", f"jwt:{NEW}", audience="patter", issuer="patter", leeway=10)
        monkeypatch.setattr(simplejwt, "token_backend", backend)
        _signed.cache_clear()

    yield rotated
    _signed.cache_clear()


@pytest.fixture
def file_url(as_owner: APIClient, customer: Customer, settings: Any, tmp_path: Path) -> str:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    body = {"customer": customer.pk, "key": "contract", "file": a_file("contract.pdf", PDF)}
    parts = urlsplit(as_owner.post(DATA, body, format="multipart").json()["file_url"])
    return f"{parts.path}?{parts.query}"


@pytest.mark.parametrize(("keep", "status"), [(True, 200), (False, 401)])
def test_tokens(owner: User, anonymous: APIClient, rotate: Rotate, keep: bool, status: int) -> None:
    tokens = sign_in(user=owner)
    rotate(keep=keep)

    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.access}")
    assert anonymous.get("/api/auth/me/").status_code == status
    anonymous.credentials()
    answer = anonymous.post("/api/auth/refresh/", {"refresh": tokens.refresh})
    assert answer.status_code == status
    assert anonymous.post("/api/token/verify/", {"token": tokens.access}).status_code == status
    if keep:  # the new ones need no old key
        rotate(keep=False)
        anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
        assert anonymous.get("/api/auth/me/").status_code == 200


def test_an_old_key_makes_no_other_kind_of_token(owner: User, anonymous: APIClient, rotate: Rotate) -> None:
    tokens = sign_in(user=owner)
    rotate()

    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.refresh}")
    assert anonymous.get("/api/auth/me/").status_code == 401
    anonymous.credentials()
    assert anonymous.post("/api/auth/refresh/", {"refresh": tokens.access}).status_code == 401


@pytest.mark.parametrize(("keep", "status"), [(True, 200), (False, 404)])
def test_links_to_files(file_url: str, anonymous: APIClient, rotate: Rotate, keep: bool, status: int) -> None:
    rotate(keep=keep)

    answer = anonymous.get(file_url)

    assert answer.status_code == status
    assert not keep or body_of(answer) == PDF


@pytest.mark.parametrize(("keep", "status"), [(True, 200), (False, 302)])
def test_the_cookie_of_django_admin(admin: User, rotate: Rotate, keep: bool, status: int) -> None:
    browser = Client()
    browser.force_login(admin)
    rotate(keep=keep)

    assert browser.get("/admin/").status_code == status


@pytest.mark.parametrize("keep", [True, False])
def test_what_is_hashed_with_it(customer: Customer, as_owner: APIClient, rotate: Rotate, keep: bool) -> None:
    code = PhoneCode(customer=customer, **PhoneCode.open_for(customer.pk, "+94771234567", "123456"))
    body, key = {"first_name": "Nimal", "phone": "+94772223344"}, {"HTTP_IDEMPOTENCY_KEY": "one"}
    first, signature = as_owner.post("/api/customers/", body, **key), sign(b"{}")
    assert first.status_code == 201
    rotate()
    if not keep:
        rotate(keep=False)
        assert not code.matches("123456")
        return

    assert code.matches("123456")
    assert not code.matches("123457")
    assert is_signed(b"{}", signature)
    again = as_owner.post("/api/customers/", body, **key)
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert as_owner.post("/api/customers/", {**body, "first_name": "N"}, **key).status_code == 422


@pytest.fixture
def secrets(customer: Customer) -> list[tuple[Any, str]]:
    """A row of each kind that holds a secret, with the name of its column."""
    number = BusinessNumber.objects.create(external_id="777")
    access = NumberAccess.objects.create(number=number, encrypted_token=encrypt("EAAB"))
    mail = Mail.about("password_reset", login="nimal")
    mail.save()
    code = PhoneCode.objects.create(customer=customer, **PhoneCode.open_for(customer.pk, "+94771234567", "123456"))
    return [(access, "encrypted_token"), (mail, "sealed"), (code, "sealed")]


def run(**options: Any) -> str:
    out = StringIO()
    call_command("reencrypt", stdout=out, stderr=out, **options)
    return out.getvalue()


def test_stored_secrets_move_to_the_newest_key(secrets: Any, settings: Any) -> None:
    before = [getattr(row, field) for row, field in secrets]
    plain = [decrypt(token) for token in before]
    settings.FIELD_ENCRYPTION_KEYS = ["first"]
    assert run(dry_run=True).count("1 read, 1 to move.") == 3
    assert [getattr(type(row).objects.get(pk=row.pk), field) for row, field in secrets] == before

    assert run().count("1 read, 1 moved.") == 3
    settings.SECRET_KEY = NEW
    settings.FIELD_ENCRYPTION_KEYS = ["second", "first"]
    assert run().count("1 read, 1 moved.") == 3
    assert run().count("1 read, 0 moved.") == 3
    settings.FIELD_ENCRYPTION_KEYS = ["second"]

    now = [getattr(type(row).objects.get(pk=row.pk), field) for row, field in secrets]
    assert [decrypt(token) for token in now] == plain
    assert None not in plain


def test_what_no_key_can_read_stays_and_is_told(secrets: Any, settings: Any) -> None:
    settings.SECRET_KEY = NEW
    before = [getattr(row, field) for row, field in secrets]

    with pytest.raises(CommandError, match="3 secret"):
        run()

    assert [getattr(type(row).objects.get(pk=row.pk), field) for row, field in secrets] == before


def test_every_encrypted_column_is_known() -> None:
    """`manage.py reencrypt` finds columns by their kind."""
    texts = [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.name.startswith(("sealed", "encrypted")) or isinstance(field, EncryptedTextField)
    ]

    assert len(texts) >= 3
    assert [str(field) for field in texts if not isinstance(field, EncryptedTextField)] == []
    for model in {field.model for field in texts}:
        assert "encrypt(" in inspect.getsource(inspect.getmodule(model))  # type: ignore[arg-type]
