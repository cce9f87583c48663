"""Every refusal of the six endpoints: status, text, and that nothing changed."""

from typing import Any

import pytest
from rest_framework.exceptions import Throttled

from customers.models import Customer
from tags.views import CustomerTagsView, TagViewSet
from tests.tags.expected import API, path_of, snapshot

NOT_A_LIST = "tag_ids must be a list of integers"
NO_ACCESS = {"error": "You don't have permission to access this customer"}
HUGE = 10**30


@pytest.fixture
def calls(as_owner: Any, customer: Customer, new_tag: Any) -> Any:
    """Send `body` by a method to the customer's tags; it must be refused and change nothing."""
    new_tag("Kept", customer)

    def refused(method: str, body: Any, path: str = "") -> tuple[int, Any]:
        before = snapshot()
        response = getattr(as_owner, method)(path or path_of(customer), body)
        assert snapshot() == before
        return response.status_code, response.json()

    return refused


@pytest.mark.parametrize("method", ["post", "put", "delete"])
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"tag_ids": None},
        {"tag_ids": 1},
        {"tag_ids": "1,2"},
        {"tag_ids": {"1": 1}},
        {"tag_ids": ["1"]},
        {"tag_ids": [1.0]},
        {"tag_ids": [True]},
        {"tag_ids": [None]},
        {"tag_ids": [[1]]},
        {"ids": [1]},
        [1],
        [],
        "1",
        5,
        None,
    ],
)
def test_no_list_of_integers(calls: Any, method: str, body: Any) -> None:
    assert calls(method, body) == (400, {"error": NOT_A_LIST})


def test_forms_hold_no_integers(as_owner: Any, customer: Customer, new_tag: Any) -> None:
    body = f"tag_ids={new_tag('VIP').pk}"
    response = as_owner.post(path_of(customer), body, content_type="application/x-www-form-urlencoded")
    assert (response.status_code, response.json()) == (400, {"error": NOT_A_LIST})


@pytest.mark.parametrize("method", ["post", "delete"])
def test_an_empty_list(calls: Any, method: str) -> None:
    assert calls(method, {"tag_ids": []}) == (400, {"error": "tag_ids cannot be empty"})


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_too_many(calls: Any, method: str) -> None:
    expected = (400, {"error": "tag_ids may hold at most 200 integers"})
    assert calls(method, {"tag_ids": list(range(1, 202))}) == expected


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_ids_that_do_not_exist(calls: Any, new_tag: Any, method: str) -> None:
    known = new_tag("VIP").pk
    body = {"tag_ids": [known + 500, known, known + 99, known + 500, 0, -1, HUGE]}
    expected = f"Invalid tag IDs: {[-1, 0, known + 99, known + 500, HUGE]}"
    assert calls(method, body) == (400, {"error": expected})


def test_system_tags_stay(calls: Any, customer: Customer, system: Any, new_tag: Any) -> None:
    expected = (400, {"error": "Cannot remove system tags (Telegram, Whatsapp, Instagram)"})
    vip = new_tag("VIP", customer)
    for tag in system.values():
        assert calls("delete", {"tag_ids": [vip.pk, tag.pk]}) == expected
        assert calls("delete", None, path_of(customer, tag)) == expected


def test_system_tags_follow_the_source(calls: Any, customer: Customer, system: Any, new_tag: Any) -> None:
    expected = (400, {"error": "System tags follow the customer's source"})
    vip = new_tag("VIP")
    for source in ("telegram", "instagram"):
        assert calls("post", {"tag_ids": [vip.pk, system[source].pk]}) == expected
        assert calls("put", {"tag_ids": [vip.pk, system[source].pk]}) == expected
        assert calls("post", None, path_of(customer, system[source])) == expected


def test_one_tag_that_is_there(calls: Any, customer: Customer, system: Any, new_tag: Any) -> None:
    expected = (400, {"error": "Tag already exists on customer"})
    vip = new_tag("VIP", customer)
    assert calls("post", None, path_of(customer, vip)) == expected
    assert calls("post", None, path_of(customer, system["whatsapp"])) == expected


def test_one_tag_that_is_not_there(calls: Any, customer: Customer, new_tag: Any) -> None:
    vip = new_tag("VIP")
    assert calls("delete", None, path_of(customer, vip)) == (400, {"error": "Tag doesn't exist on customer"})


@pytest.mark.parametrize("method", ["post", "delete"])
def test_no_such_tag_in_the_path(calls: Any, customer: Customer, method: str) -> None:
    assert calls(method, None, path_of(customer, 987654)) == (404, {"error": "Tag with ID 987654 not found"})
    status, body = calls(method, None, f"{path_of(customer)}{'9' * 5000}/")
    assert (status, body) == (404, {"error": f"Tag with ID {2**63} not found"})


METHODS = ["get", "post", "put", "delete"]


@pytest.mark.parametrize("method", METHODS)
def test_somebody_elses_customer(calls: Any, foreign: Customer, new_tag: Any, method: str) -> None:
    vip = new_tag("VIP")
    for body in ({"tag_ids": [vip.pk]}, {"tag_ids": "nonsense"}, {"tag_ids": [987654]}):
        assert calls(method, body, path_of(foreign)) == (403, NO_ACCESS)
    if method in ("post", "delete"):
        assert calls(method, None, path_of(foreign, vip)) == (403, NO_ACCESS)
        assert calls(method, None, path_of(foreign, 987654)) == (403, NO_ACCESS)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("customer_id", ["987654", "0", "9" * 25, "9" * 5000])
def test_no_such_customer(calls: Any, new_tag: Any, method: str, customer_id: str) -> None:
    vip = new_tag("VIP")
    expected = (404, {"error": "Customer not found"})
    assert calls(method, {"tag_ids": [vip.pk]}, f"{API}/customer/{customer_id}/tags/") == expected
    if method in ("post", "delete"):
        assert calls(method, None, f"{API}/customer/{customer_id}/tags/{vip.pk}/") == expected


@pytest.mark.parametrize("method", METHODS)
def test_customers_have_no_desk(as_customer: Any, customer: Customer, new_tag: Any, method: str) -> None:
    vip, before = new_tag("VIP"), snapshot()
    response = getattr(as_customer, method)(path_of(customer), {"tag_ids": [vip.pk]})
    assert (response.status_code, response.json()) == (403, NO_ACCESS)
    if method in ("post", "delete"):
        assert getattr(as_customer, method)(path_of(customer, vip)).json() == NO_ACCESS
    assert snapshot() == before


@pytest.mark.parametrize("method", METHODS)
def test_not_signed_in(anonymous: Any, customer: Customer, new_tag: Any, method: str) -> None:
    vip, before = new_tag("VIP"), snapshot()
    paths = [path_of(customer), f"{API}/tags/", f"{API}/tags/{vip.pk}/"]
    for path in paths:
        response = getattr(anonymous, method)(path, {"tag_ids": [vip.pk]})
        if response.status_code != 405:
            assert response.status_code == 401
            assert response.json() == {"error": "Authentication credentials were not provided."}
        anonymous.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
        bad = getattr(anonymous, method)(path, {"tag_ids": [vip.pk]})
        assert (bad.status_code, list(bad.json())) == (401, ["error"])
        anonymous.credentials()
    assert snapshot() == before


@pytest.mark.parametrize(
    ("method", "path"),
    [("patch", ""), ("get", "1/"), ("put", "1/"), ("patch", "1/")],
)
def test_methods_that_are_not_there(as_owner: Any, customer: Customer, method: str, path: str) -> None:
    response = getattr(as_owner, method)(path_of(customer) + path)
    assert response.status_code == 405
    assert response.json() == {"error": f'Method "{method.upper()}" not allowed.'}


@pytest.mark.parametrize("path", ["customer/x/tags/", "customer/1.5/tags/", "customer/-1/tags/", "nothing/", ""])
def test_paths_that_are_not_there(as_owner: Any, path: str) -> None:
    response = as_owner.get(f"{API}/{path}")
    assert (response.status_code, response.json()) == (404, {"error": "Not found."})


def test_media_types_that_are_not_taken(calls: Any, as_owner: Any, customer: Customer) -> None:
    for path in (path_of(customer), f"{API}/tags/"):
        response = as_owner.post(path, "<tags/>", content_type="application/xml")
        assert response.status_code == 415
        assert response.json() == {"error": 'Unsupported media type "application/xml" in request.'}


@pytest.mark.parametrize(
    "body", [b'{"tag_ids": [1', b'{"tag_ids": [1], "x": "\\u0000"}', b"\xff", b"NaN", b"[" * 100_000, b"9" * 5000]
)
def test_bodies_that_cannot_be_read(as_owner: Any, customer: Customer, body: bytes) -> None:
    before = snapshot()
    for path in (path_of(customer), f"{API}/tags/", f"{API}/tags/bulk-delete/"):
        response = as_owner.post(path, body, content_type="application/json")
        assert response.status_code == 400
        assert list(response.json()) == ["error"]
    assert snapshot() == before


def test_queries_that_never_reach_a_view(as_owner: Any, customer: Customer) -> None:
    for path in (path_of(customer), f"{API}/tags/"):
        response = as_owner.get(f"{path}?search=%00")
        assert (response.status_code, response.json()) == (400, {"error": "NUL characters are not allowed."})


def _raising(error: Exception) -> Any:
    def initial(*args: Any, **kwargs: Any) -> None:
        raise error

    return initial


def test_throttles_and_crashes(as_owner: Any, customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    as_owner.raise_request_exception = False
    for view, path in ((CustomerTagsView, path_of(customer)), (TagViewSet, f"{API}/tags/")):
        monkeypatch.setattr(view, "initial", _raising(Throttled()))
        response = as_owner.get(path)
        assert (response.status_code, response.json()) == (429, {"error": "Request was throttled."})
        monkeypatch.setattr(view, "initial", _raising(RuntimeError("broken")))
        response = as_owner.get(path)
        assert response.status_code == 500
        body = {"error": "Something went wrong on our side. It has been logged."}
        assert response.json() == {**body, "request_id": response.headers["X-Request-ID"]}
