"""Swagger shows every endpoint that exists."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from swagger_spec_validator.validator20 import validate_spec

from config.glossary import GLOSSARY
from tests.declared_answers import plain, problems, swagger
from tests.permission_matrix import MATRIX
from tests.routes import routes

# The API's own documentation, and what answers every path that does not exist.
UNDOCUMENTED = ("api/docs/", "api/redoc/", "api/guide/", "api/guide/realtime/", "api/")


@pytest.fixture
def schema() -> dict[str, Any]:
    return swagger()


def test_it_shows_every_route(schema: dict[str, Any]) -> None:
    shown = {plain(schema["basePath"].rstrip("/") + path) for path in schema["paths"]}
    exist = {plain(route) for route, _ in routes() if route.startswith("api/")}
    exist -= {f"/{path}" for path in UNDOCUMENTED}

    assert len(exist) > 10
    assert exist - shown == set(), "not in Swagger"


def test_paths_of_files_end_with_the_name_of_the_file(schema: dict[str, Any]) -> None:
    assert [path for path in schema["paths"] if "." in path] == ["/reports/response-times.csv"]


def test_files_and_texts_are_no_json(schema: dict[str, Any]) -> None:
    produced = {path: item["get"] for path, item in schema["paths"].items() if "produces" in item.get("get", {})}

    shown = {path: (one["produces"][0], one["responses"]["200"]["schema"]["type"]) for path, one in produced.items()}
    assert shown == {
        "/customers/customers/export/": ("text/csv", "file"),
        "/customers/customers/{id}/export/": ("application/zip", "file"),
        "/reports/response-times.csv": ("text/csv", "file"),
        "/webhook/": ("text/plain", "string"),
    }
    # Refusals are JSON.
    assert {one["produces"][-1] for one in produced.values()} == {"application/json"}


def test_forms_are_for_bodies_that_fit_one(schema: dict[str, Any]) -> None:
    bodies = {name: one for name, one in operations(schema) if any(p["in"] == "body" for p in one["parameters"])}

    json_only = {name for name, operation in bodies.items() if "consumes" not in operation}
    assert json_only == {
        "POST /api/contacts/bulk-create/",
        "POST /api/customers/customers/{}/orders/",
        "POST /api/customers/{}/merge/",
        "POST /api/templates/{}/preview/",
        "POST /api/v1/msg/customer/{}/tags/",
        "PUT /api/v1/msg/customer/{}/tags/",
        "DELETE /api/v1/msg/customer/{}/tags/",
        "POST /api/v1/msg/tags/bulk-delete/",
        "POST /api/v1/msg/tags/{}/customers/",
        "PUT /api/working-hours/",
        "POST /api/webhook/",
    }


OPTIONAL = {
    "POST /api/auth/logout/": 204,
    "POST /api/auth/mfa/setup/": 200,
    "POST /api/customers/customers/{customer}/update_loyalty_tier/": 200,
}


def test_bodies_that_may_be_missing(schema: dict[str, Any], things: dict[str, int], as_admin: Any) -> None:
    optional = {
        name
        for name, operation in operations(schema)
        if any(one["in"] == "body" and not one["required"] for one in operation["parameters"])
    }
    assert optional == {plain(name).strip("/") + "/" for name in OPTIONAL}
    for name, status in sorted(OPTIONAL.items(), reverse=True):  # signing out comes last
        method, path = name.format(**things).split()
        assert as_admin.generic(method, path).status_code == status


def test_ids_and_counts_in_a_query_have_a_least_value(schema: dict[str, Any], as_admin: Any) -> None:
    asked = 0
    for name, operation in operations(schema):
        for one in operation["parameters"]:
            least = one.get("items", one).get("minimum")
            # Pages that are too small are of the usual size.
            if name.startswith("GET ") and "{" not in name and least is not None and one["name"] != "page_size":
                asked += 1
                refused = as_admin.get(name.split()[1], {one["name"]: least - 1})
                assert refused.status_code == (404 if one["name"] == "page" else 400), (name, one["name"])
    assert asked > 20


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation, such as `GET /api/users/{}/`, with the parameters of its path among its own."""
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                named = f"{method.upper()} {plain(schema['basePath'].rstrip('/') + path)}"
                yield named, {**operation, "parameters": operation["parameters"] + item.get("parameters", [])}


def test_every_operation_says_what_it_does_and_who_may_call_it(schema: dict[str, Any]) -> None:
    for name, operation in operations(schema):
        assert re.fullmatch(r"[A-Z][^`\n]{3,74}[^`\n.]", operation["summary"]), f"{name}: {operation['summary']}"
        assert operation["description"].count("**Who:** ") == 1, name
        assert operation["responses"], name
        parameters = [one for one in operation["parameters"] if one["in"] != "body"]
        assert [one["name"] for one in parameters if not one.get("description")] == [], name


def required(schema: dict[str, Any], operation: dict[str, Any]) -> list[str]:
    """The fields that a body must have."""
    bodies = [one["schema"] for one in operation["parameters"] if one["in"] == "body"]
    models = [schema["definitions"][body["$ref"].rpartition("/")[2]] if "$ref" in body else body for body in bodies]
    form = [one["name"] for one in operation["parameters"] if one["in"] == "formData" and one["required"]]
    return [*form, *(name for model in models for name in model.get("required", []))]


def test_what_changes_only_the_fields_that_are_given_requires_none(schema: dict[str, Any]) -> None:
    changes = dict(operations(schema))
    whole = {"PATCH /api/auth/me/"}  # it has one field
    for name, operation in changes.items():
        if name.startswith("PATCH ") and name not in whole:
            assert required(schema, operation) == [], name
            put = changes.get(name.replace("PATCH ", "PUT "))
            assert put is None or required(schema, put) == [], name


def test_what_is_left_out_of_a_change_has_no_default(schema: dict[str, Any]) -> None:
    for name in ("ContactWriteChange", "UserChange"):
        assert not any("default" in field for field in schema["definitions"][name]["properties"].values())
    assert schema["definitions"]["UserWrite"]["properties"]["is_active"]["default"] is True


def test_every_summary_is_there_once(schema: dict[str, Any]) -> None:
    said: dict[tuple[str, str], list[str]] = {}
    for name, operation in operations(schema):
        said.setdefault((*operation["tags"], operation["summary"]), []).append(name)

    again = {names for names in map(tuple, said.values()) if len({name.split()[1] for name in names}) > 1}
    assert again == set()


def test_who_may_call_is_what_the_permission_matrix_says(schema: dict[str, Any]) -> None:
    found = {name: operation["description"].rpartition("**Who:** ")[2] for name, operation in operations(schema)}

    for row, statuses in MATRIX.items():
        who = found[f"{row.split()[0]} {plain(row.split()[1])}"]
        anonymous, customer, owner, _, admin, _ = statuses.split()
        if "without signing in" in who:
            continue
        everybody = who.startswith("everybody")
        assert anonymous == "401", row
        assert (customer != "403") == (everybody or "customers for themselves" in who), f"{row}: {who}"
        assert (owner != "403") == (everybody or "salespeople" in who), f"{row}: {who}"
        assert (admin != "403") == (everybody or "admins" in who), f"{row}: {who}"


def test_what_accepts_no_json(schema: dict[str, Any], things: dict[str, int], as_admin: Any) -> None:
    for row in MATRIX:
        method, path = row.format(**things).split()
        operation = dict(operations(schema))[f"{row.split()[0]} {plain(row.split()[1])}"]
        if method == "GET":
            answer = as_admin.get(path, HTTP_ACCEPT="image/png")
            assert (answer.status_code == 406) == ("406" in operation["responses"]), row


def test_who_claims_a_customer(schema: dict[str, Any]) -> None:
    claim = dict(operations(schema))["POST /api/customers/{}/claim/"]

    assert claim["description"].endswith(
        "**Who:** salespeople, for customers whom nobody has; admins assign them instead."
    )
    assert "already_claimed" in claim["responses"]["409"]["description"]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        (
            "POST /api/messages/",
            "outside_service_window blocked number_cannot_send client_id_taken chat_moved in_progress",
        ),
        ("POST /api/messages/{}/retry/", "not_retryable outside_service_window blocked number_cannot_send"),
    ],
)
def test_the_codes_of_conflicts(schema: dict[str, Any], name: str, codes: str) -> None:
    said = dict(operations(schema))[name]["responses"]["409"]["description"]

    assert set(re.findall(r"\w+", said)) - {"code", "is", "or"} == set(codes.split())


def test_what_is_public_has_no_lock(schema: dict[str, Any]) -> None:
    public = {name for name, operation in operations(schema) if operation.get("security") == []}

    assert public == {
        "POST /api/auth/login/", "POST /api/auth/refresh/", "POST /api/token/", "POST /api/token/refresh/",
        "POST /api/token/verify/", "POST /api/auth/password/forgot/", "POST /api/auth/password/reset/",
        "POST /api/auth/login/mfa/",
        "POST /api/customers/register/", "GET /api/webhook/", "POST /api/webhook/",
    }  # fmt: skip


def test_every_model_and_field_is_described(schema: dict[str, Any]) -> None:
    models = schema["definitions"]
    silent = [
        f"{name}.{field}"
        for name, model in models.items()
        for field, said in model.get("properties", {}).items()
        if not said.get("description") and "$ref" not in said and "allOf" not in said
    ]

    assert [name for name, model in models.items() if not model.get("description")] == []
    assert silent == [], "say it where the field is declared, or in config/glossary.py if it means the same everywhere"


def test_the_glossary_has_no_words_that_nobody_uses(schema: dict[str, Any]) -> None:
    said = {said for model in schema["definitions"].values() for said in _texts(model)}
    said |= {one.get("description") for _, operation in operations(schema) for one in operation["parameters"]}

    assert {word for word, text in GLOSSARY.items() if text not in said} == set()


def _texts(model: dict[str, Any]) -> Iterator[str | None]:
    return (field.get("description") for field in model.get("properties", {}).values())


def test_it_groups_operations_in_the_order_of_the_documents(schema: dict[str, Any]) -> None:
    used = {tag for _, operation in operations(schema) for tag in operation["tags"]}
    shown = [tag["name"] for tag in schema["tags"]]

    assert set(shown) == used
    assert all(tag["description"] for tag in schema["tags"])
    assert shown == [
        "Authentication", "Users", "Desk", "Assignments", "Messages", "Reports", "Webhook",
        "Customers: registration", "Customers: profiles", "Customers: purchases", "Customers: addresses",
        "Customers: groups", "Contacts", "Customer data", "Tags",
    ]  # fmt: skip


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
ME |= {"availability": "online", "mfa_enabled": False, "base_currency": "USD"}


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
