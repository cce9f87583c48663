"""Every refusal under contacts has the envelope, whoever refuses."""

from typing import Any

import pytest
from rest_framework.exceptions import PermissionDenied, Throttled

from contacts.models import Contact
from contacts.views import ContactViewSet, CustomersWithContactsView
from tests.contacts.expected import failure

PATHS = ["/api/contacts/", "/api/customers-with-contacts/", "/api/customers/1/contacts/"]


def raising(error: Exception) -> Any:
    def initial(*args: Any, **kwargs: Any) -> None:
        raise error

    return initial


@pytest.mark.parametrize("path", [*PATHS, "/api/contacts/1/", "/api/contacts/stats/", "/api/contacts/1/set-primary/"])
def test_a_bad_token_is_refused(anonymous: Any, path: str) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
    response = anonymous.get(path)
    assert response.status_code == 401
    body = response.json()
    assert body == failure(body["message"])
    assert isinstance(body["message"], str)
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (PermissionDenied(), 403, "You do not have permission to perform this action."),
        (Throttled(), 429, "Request was throttled."),
    ],
)
def test_whatever_drf_refuses(
    as_owner: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, message: str
) -> None:
    for view, path in ((ContactViewSet, PATHS[0]), (CustomersWithContactsView, PATHS[1])):
        monkeypatch.setattr(view, "initial", raising(error))
        response = as_owner.get(path)
        assert response.status_code == status
        assert response.json() == failure(message)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("put", "/api/contacts/"),
        ("post", "/api/contacts/1/"),
        ("get", "/api/contacts/bulk-create/"),
        ("delete", PATHS[1]),
        ("post", PATHS[2]),
    ],
)
def test_methods_that_are_not_there(as_owner: Any, method: str, path: str) -> None:
    response = getattr(as_owner, method)(path)
    assert response.status_code == 405
    assert response.json() == failure(f'Method "{method.upper()}" not allowed.')


def test_media_types_that_are_not_taken(as_owner: Any) -> None:
    response = as_owner.post("/api/contacts/", "<contact/>", content_type="application/xml")
    assert response.status_code == 415
    assert response.json() == failure('Unsupported media type "application/xml" in request.')


@pytest.mark.parametrize("body", [b'{"customer": 1', b'{"email": "\\u0000"}', b'{"email": "\\ud800"}', b"\xff", b"NaN"])
def test_bodies_that_cannot_be_read(as_owner: Any, body: bytes) -> None:
    for path in ("/api/contacts/", "/api/contacts/bulk-create/"):
        response = as_owner.post(path, body, content_type="application/json")
        assert response.status_code == 400
        assert response.json() == failure(response.json()["message"])
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    "path", ["/api/contacts/x/", "/api/contacts/1/nothing/", "/api/contacts/1.5/", "/api/customers/x/contacts/"]
)
def test_paths_that_are_not_there(as_owner: Any, path: str) -> None:
    response = as_owner.get(path)
    assert response.status_code == 404
    assert response.json() == failure("Not found.")


@pytest.mark.parametrize("path", PATHS)
def test_what_never_reaches_a_view(as_owner: Any, path: str) -> None:
    response = as_owner.get(path + "?search=%00")
    assert response.status_code == 400
    assert response.json() == failure("NUL characters are not allowed.")


def test_what_breaks(as_owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    as_owner.raise_request_exception = False
    monkeypatch.setattr(ContactViewSet, "initial", raising(RuntimeError("broken")))
    response = as_owner.get("/api/contacts/")
    assert response.status_code == 500
    body = failure("Something went wrong on our side. It has been logged.")
    assert response.json() == {**body, "request_id": response.headers["X-Request-ID"]}


def test_the_rest_of_the_api_keeps_its_shape(anonymous: Any) -> None:
    refused = {"detail": "Authentication credentials were not provided.", "code": "not_authenticated"}
    assert anonymous.get("/api/customers/").json() == refused
