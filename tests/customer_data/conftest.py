"""A folder for files that ends with the test, and files of every kind."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rest_framework.test import APIClient

from customers.models import Customer

DATA = "/api/message/customer-data/"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"

Upload = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    """Where files are kept during this test."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"


def files_in(media: Path) -> list[str]:
    return sorted(str(path.relative_to(media)) for path in media.rglob("*") if path.is_file())


def picture(format: str = "PNG", size: tuple[int, int] = (4, 3)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, format)
    return buffer.getvalue()


def a_file(name: str, content: bytes = PDF, content_type: str = "application/octet-stream") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type)


@pytest.fixture
def upload(as_owner: APIClient, customer: Customer) -> Upload:
    """Make an entry with a file as the owner; return what the API says of it."""

    def post(name: str = "contract.pdf", content: bytes = PDF, key: str = "contract", **more: Any) -> dict[str, Any]:
        fields = {"customer": customer.pk, "key": key, "file": a_file(name, content), **more}
        response = as_owner.post(DATA, fields, format="multipart")
        assert response.status_code == 201, response.content
        body: dict[str, Any] = response.json()
        return body

    return post


def body_of(response: Any) -> bytes:
    """The whole content of a streamed response."""
    return b"".join(response.streaming_content)
