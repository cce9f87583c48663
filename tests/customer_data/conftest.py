"""A folder for files that ends with the test, and an entry with a file."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from customers.models import Customer
from tests.customer_data.uploads import DATA, PDF, Upload, a_file


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    """Where files are kept during this test."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"


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
