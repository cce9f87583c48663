"""Pages of allowed origins can read refusals that are made before Django gets the request."""

import json
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest

ALLOWED = "http://localhost:3000"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain; charset=hex"}, 415),
        ({"Content-Type": "application/json", "Content-Length": str(10**9)}, 413),
    ],
)
def test_a_page_of_an_allowed_origin_may_read_the_refusal(server: Any, headers: dict[str, str], status: int) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)  # announces a body without sending it
    connection.request("POST", "/api/messages/", headers={**headers, "Origin": ALLOWED})
    response = connection.getresponse()
    assert response.status == status
    assert json.load(response)["detail"]
    assert response.headers["Access-Control-Allow-Origin"] == ALLOWED
    assert response.headers["Vary"] == "Origin"
    connection.close()


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:3000.evil.example", ""])
def test_others_may_not(server: Any, origin: str) -> None:
    headers = {"Content-Type": "text/plain; charset=hex", "Origin": origin}
    response = httpx.get(f"{server.url}/api/messages/", headers=headers)
    assert response.status_code == 415
    assert "Access-Control-Allow-Origin" not in response.headers
