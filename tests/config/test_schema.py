"""Swagger shows every endpoint that exists."""

from typing import Any

import pytest
from django.test import Client
from swagger_spec_validator.validator20 import validate_spec

from tests.declared_answers import plain, problems
from tests.routes import routes

# The API's own documentation, and what answers every path that does not exist.
UNDOCUMENTED = ("api/docs/", "api/redoc/", "api/")


@pytest.fixture
def schema(client: Client, db: None) -> dict[str, Any]:
    response = client.get("/swagger.json")
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    return body


def test_it_shows_every_route(schema: dict[str, Any]) -> None:
    shown = {plain(schema["basePath"].rstrip("/") + path) for path in schema["paths"]}
    exist = {plain(route) for route, _ in routes() if route.startswith("api/")}
    exist -= {f"/{path}" for path in UNDOCUMENTED}

    assert len(exist) > 10
    assert exist - shown == set(), "not in Swagger"


def test_every_operation_says_what_it_answers(schema: dict[str, Any]) -> None:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                assert operation["responses"], f"{method} {path}"
                assert operation["tags"], f"{method} {path}"


def test_it_groups_them_under_readable_names(schema: dict[str, Any]) -> None:
    operations = [
        operation for path in schema["paths"].values() for name, operation in path.items() if name != "parameters"
    ]
    assert {tag for operation in operations for tag in operation["tags"]} == {
        "Assignments", "Auth", "Contacts", "Customer data", "Customers", "Messages", "Tags", "Team", "Templates",
        "Users", "Webhook",
    }  # fmt: skip


def test_it_is_signed_in_with_a_bearer_token(schema: dict[str, Any]) -> None:
    bearer = schema["securityDefinitions"]["Bearer"]

    assert (bearer["type"], bearer["name"], bearer["in"]) == ("apiKey", "Authorization", "header")
    assert {"Bearer": []} in schema["security"]


@pytest.mark.parametrize("path", ["/api/docs/", "/swagger/", "/api/redoc/"])
def test_the_pages_open(client: Client, db: None, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 200
    assert "text/html" in response["Content-Type"]


def test_it_is_swagger(schema: dict[str, Any]) -> None:
    validate_spec(schema)


ME = {"id": 1, "username": "ada", "email": "", "first_name": "", "last_name": "", "role": "admin", "is_active": True}


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, {**ME, "customer": None}, None),
        (200, ME, '"customer" is a required property'),
        (200, {**ME, "customer": None, "wamid": ""}, "'wamid' was unexpected"),
        (200, {**ME, "customer": "1"}, "customer: "),
        (200, {**ME, "customer": None, "is_active": None}, 'is_active: null is not of type "boolean"'),
        (200, {**ME, "customer": None, "role": "owner"}, 'role: "owner" is not one of'),
        (200, None, "a body is declared"),
        (401, {"detail": "Who are you?", "code": "not_authenticated"}, None),
        (401, {"error": "Who are you?"}, "'error' was unexpected"),
        (402, {"detail": "Pay first."}, "the status is not declared"),
    ],
)
def test_an_answer_that_is_not_as_declared_is_found(status: int, body: Any, problem: str | None) -> None:
    found = problems("get", "/api/auth/me/", status, body)

    assert (problem is None) == (found == [])
    assert problem is None or any(problem in text for text in found)
