"""Bodies that are sent in chunks without a length, of which WSGI alone would read nothing."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("pieces", [1, 2, 40])
def test_a_json_body(server: Any, owner: Any, pieces: int) -> None:
    body = json.dumps({"username": "sam", "password": PASSWORD}).encode()
    size = -(-len(body) // pieces)
    chunks: Iterator[bytes] = (body[at : at + size] for at in range(0, len(body), size))
    answer = httpx.post(f"{server.url}/api/auth/login/", content=chunks, headers={"Content-Type": "application/json"})
    assert answer.request.headers["Transfer-Encoding"] == "chunked"
    assert answer.status_code == 200
    assert answer.json()["user"]["username"] == "sam"


def test_an_empty_one(server: Any, db: None) -> None:
    answer = httpx.post(f"{server.url}/api/auth/login/", content=iter([]), headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


def test_an_upload(server: Any, owner: Any, customer: Any, token_of: Any) -> None:
    body = (
        f'--x\r\nContent-Disposition: form-data; name="customer"\r\n\r\n{customer.pk}\r\n'
        '--x\r\nContent-Disposition: form-data; name="key"\r\n\r\ncontract\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'
        f"{'all of it ' * 200_000}\r\n--x--\r\n"
    ).encode()
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Authorization": f"Bearer {token_of(owner)}"}
    chunks = (body[at : at + 65536] for at in range(0, len(body), 65536))
    answer = httpx.post(f"{server.url}/api/message/customer-data/", content=chunks, headers=headers)
    assert answer.status_code == 201, answer.text
