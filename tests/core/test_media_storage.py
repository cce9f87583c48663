"""The setting MEDIA_STORAGE: what it may say, what is said if it is wrong, and what it costs those who leave it out."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.files.base import ContentFile
from rest_framework.test import APIClient

from core.files.addresses import s3_address
from core.files.s3 import S3MediaStorage
from core.files.storage import CannotStore, FilesAway
from customers.models import Customer
from tests.media_files import upload

KEYS = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
ROOT = Path(__file__).resolve().parents[2]


def test_amazon() -> None:
    address = s3_address("s3://desk-files", {**KEYS, "AWS_DEFAULT_REGION": "eu-north-1"})

    assert (address.bucket, address.prefix, address.endpoint, address.path_style) == ("desk-files", "", "", False)
    assert address.origin == "https://desk-files.s3.eu-north-1.amazonaws.com"
    url = _storage(address).redirect_to("a/b.pdf", content_type="x/y", disposition="inline", method="GET")
    assert url.startswith(f"{address.origin}/a/b.pdf?")


def test_another_server_with_a_name_of_its_own_for_browsers() -> None:
    given = "s3://files/desk/one/?endpoint=http://10.0.0.5:9000/&public=https://files.example.com&region=here"
    address = s3_address(given, KEYS)

    assert (address.prefix, address.endpoint) == ("desk/one", "http://10.0.0.5:9000")
    assert (address.region, address.origin) == ("here", "https://files.example.com")
    url = _storage(address).redirect_to("a/b c.pdf", content_type="x/y", disposition="inline", method="GET")
    assert url.startswith("https://files.example.com/files/desk/one/a/b%20c.pdf?")


def test_virtual_addresses() -> None:
    address = s3_address("s3://files?endpoint=https://s3.example.com&addressing=virtual", KEYS)

    assert address.origin == "https://files.s3.example.com"
    url = _storage(address).redirect_to("a.pdf", content_type="x/y", disposition="inline", method="GET")
    assert url.startswith("https://files.s3.example.com/a.pdf?")


@pytest.mark.parametrize(
    ("given", "environment", "said"),
    [
        ("/srv/files", KEYS, "must look like s3://"),
        ("s3://", KEYS, "must look like s3://"),
        ("https://bucket.s3.amazonaws.com", KEYS, "must look like s3://"),
        ("s3://key:secret@bucket", KEYS, "Credentials go into AWS_"),
        ("s3://bucket?endpont=https://x", KEYS, "'endpont'"),
        ("s3://bucket?endpoint=s3.example.com", KEYS, "must be a URL"),
        ("s3://bucket?public=ftp://x", KEYS, "must be a URL"),
        ("s3://bucket?addressing=both", KEYS, "path (https://host/bucket) or virtual"),
        ("s3://bucket", {}, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ("s3://bucket", {"AWS_ACCESS_KEY_ID": "k"}, "without AWS_SECRET_ACCESS_KEY"),
        ("s3://bucket?credentials=mine", {}, "credentials must be"),
    ],
)
def test_what_is_wrong_is_said(given: str, environment: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(").replace(")", r"\)")):
        s3_address(given, environment)


@pytest.mark.parametrize("environment", [{"AWS_ROLE_ARN": "arn:x"}, {"AWS_PROFILE": "desk"}])
def test_credentials_of_other_kinds(environment: dict[str, str]) -> None:
    assert s3_address("s3://bucket", environment)


def test_the_role_of_a_machine() -> None:
    assert s3_address("s3://bucket?credentials=machine", {}).bucket == "bucket"


def test_without_it_no_client_is_loaded() -> None:
    code = (
        "import django, sys; django.setup()\n"
        "from core.files.storage import stored_files\n"
        "import config.urls\n"
        "stored_files().existing(['a/b'])\n"
        "sys.exit(any(name.partition('.')[0] in ('boto3', 'botocore', 'storages') for name in sys.modules))"
    )
    env = {"DJANGO_SETTINGS_MODULE": "config.settings", "ENV_FILE": "/dev/null", "DEBUG": "1", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def _storage(address: Any) -> S3MediaStorage:
    storage = S3MediaStorage(address)
    storage._create_session = lambda: boto3.Session("k", "s")  # type: ignore[method-assign]
    return storage


NOWHERE = s3_address("s3://files?endpoint=http://127.0.0.1:9", KEYS)


def test_nothing_is_stored_while_it_is_away(
    as_owner: APIClient, customer: Customer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    away = {"BACKEND": "core.files.s3.S3MediaStorage", "OPTIONS": {"address": NOWHERE}}
    settings.STORAGES = {**settings.STORAGES, "default": away}

    file = upload("offer.pdf", b"%PDF-1.7\n%%EOF\n", "application/pdf")
    body = {"customer": customer.pk, "key": "k", "file": file}
    answer = as_owner.post("/api/message/customer-data/", body, format="multipart")

    assert (answer.status_code, answer.json()["code"]) == (507, "cannot_store")
    assert as_owner.get("/api/message/customer-data/", {"customer": customer.pk}).json() == []


@pytest.mark.parametrize(
    "act",
    [
        lambda storage: storage.open("a/b.pdf"),
        lambda storage: storage.exists("a/b.pdf"),
        lambda storage: storage.delete("a/b.pdf"),
        lambda storage: list(storage.kept("a")),
        lambda storage: storage.existing(["a/2026/01/01/x/b.pdf"]),
    ],
)
def test_what_goes_wrong_there_is_told_as_ours(act: Callable[[S3MediaStorage], object]) -> None:
    storage = _storage(NOWHERE)

    with pytest.raises(FilesAway):
        act(storage)
    with pytest.raises(CannotStore):
        storage.save("a/b.pdf", ContentFile(b"x"))
