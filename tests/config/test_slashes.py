"""Below `/api/` the last slash of a path may be left out."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver, resolve
from rest_framework.test import APIClient

from config.endpoints import endpoint_of
from config.lanes import Lanes
from config.urls import api
from tests.permission_matrix import MATRIX

pytestmark = pytest.mark.django_db

PATHS = sorted({re.sub(r"\{\w+\}", "7", row.split()[1]) for row in MATRIX})


@pytest.fixture(params=[False, True])
def debug(request: pytest.FixtureRequest, settings: Any) -> bool:
    settings.DEBUG = request.param
    return bool(request.param)


@pytest.mark.parametrize("path", [*PATHS, "/api/docs/", "/api/redoc/"])
def test_every_path_leads_to_the_same_view_without_it(path: str) -> None:
    with_it, without = resolve(path), resolve(path.rstrip("/"))

    assert with_it.func != resolve("/api/nothing/").func
    assert (with_it.func, with_it.args, with_it.kwargs) == (without.func, without.args, without.kwargs)


@pytest.mark.parametrize("path", [*PATHS, "/api/docs/", "/api/guide/realtime/", "/api/nothing/", "/api//", "/api/x"])
def test_what_is_left_out_by_the_first_part_of_a_path_would_not_have_matched(path: str) -> None:
    quick, thorough = resolve(path), URLResolver.resolve(api, f"{path.removeprefix('/').rstrip('/')}/")

    assert (quick.func, quick.args, quick.kwargs) == (thorough.func, thorough.args, thorough.kwargs)
    assert (quick.route, quick.view_name) == (f"api/{thorough.route.removeprefix('^')}", thorough.view_name)


def test_every_method_is_answered_at_once(debug: bool, things: dict[str, int], as_admin: APIClient) -> None:
    one = f"/api/customers/{things['customer']}"
    answers = [
        as_admin.get("/api/customers"),
        as_admin.post("/api/customers", {"first_name": "Nina"}),
        as_admin.put(one, {"notes": "by PUT"}),
        as_admin.patch(one, {"first_name": "by PATCH"}),
        as_admin.options(one),
        as_admin.head(one),
        as_admin.delete(one),
        as_admin.get(one),
    ]
    assert [answer.status_code for answer in answers] == [200, 201, 200, 200, 200, 200, 204, 404]
    assert answers[3].json()["notes"] == "by PUT"


def test_the_webhook_is_verified_and_called_without_it(anonymous: APIClient, settings: Any) -> None:
    settings.WHATSAPP_VERIFY_TOKEN = "told-to-meta"
    query = {"hub.mode": "subscribe", "hub.verify_token": "told-to-meta", "hub.challenge": "42"}

    assert anonymous.get("/api/webhook", query).content == b"42"
    assert anonymous.post("/api/webhook", {}).json() == {
        "detail": "The signature is missing or wrong.",
        "code": "bad_signature",
    }


def test_pages_of_a_list_go_on_without_it(as_admin: APIClient, things: dict[str, int]) -> None:
    first = as_admin.get("/api/customers", {"page_size": 1}).json()
    second = as_admin.get(first["next"])

    assert second.status_code == 200
    assert second.json()["results"][0]["id"] != first["results"][0]["id"]


def test_lanes_and_limits_are_the_same_without_it() -> None:
    lanes = Lanes()

    assert lanes.of({"type": "http", "method": "POST", "path": "/api/auth/login"}) is lanes.sign_ins
    assert lanes.of({"type": "http", "method": "POST", "path": "/api/webhook"}) is lanes.webhooks
    assert endpoint_of("POST", "/api/messages").takes_files


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/nothing/", "/api/auth/login//"])
def test_a_path_that_does_not_exist_is_json(debug: bool, path: str, method: str) -> None:
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)

    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found.", "code": "not_found"})


def test_it_has_the_shape_of_its_path(debug: bool, client: Client) -> None:
    assert client.get("/api/contacts/1/nothing").json()["success"] is False
    assert client.get("/api/v1/msg/nothing").json() == {"error": "Not found."}


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_writing_to_a_page_without_it_is_not_found(debug: bool, client: Client, method: str) -> None:
    assert getattr(client, method)("/swagger").status_code == 404


def test_reading_a_page_goes_to_the_path_with_it(client: Client) -> None:
    answer = client.get("/swagger")
    assert (answer.status_code, answer["Location"]) == (301, "/swagger/")
