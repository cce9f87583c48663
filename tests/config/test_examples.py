"""The examples in Swagger UI are what this suite sent and was answered.

`pytest tests/config/test_examples.py --record-examples --create-db` writes them again, to config/examples.json. Do it
on SQLite, which counts ids from 1 in each call: then a line changes only if what it shows has changed.
"""

import json
from typing import Any

import jsonschema_rs
import pytest
from django.db import transaction
from rest_framework.test import APIClient

from accounts.models import User
from config.examples import FILE
from tests.declared_answers import plain, problems, swagger
from tests.permission_matrix import MATRIX
from tests.recorded_calls import CALLERS, NOT_CALLED, REFUSED, call, filled, send, steady


@pytest.fixture
def answered(scene: dict[str, Any], callers: dict[str, APIClient], owner: User) -> dict[str, Any]:
    """Every call, as it is recorded. Each finds the same, because nothing of those before is kept."""
    found: dict[str, Any] = {"refusals": {}}
    for row in sorted(MATRIX.keys() - NOT_CALLED):
        with transaction.atomic():
            found[_named(row)] = _recorded(row, scene, callers[CALLERS.get(row, "admin")], owner)
            transaction.set_rollback(True)
    for caller, row, body, headers in REFUSED:
        with transaction.atomic():
            answer = send(callers[caller], row.format(**scene), filled(body, scene), headers)
            transaction.set_rollback(True)
        assert answer.status_code >= 400, row
        model = _declared(row.replace("999999999", "{}"), str(answer.status_code))
        found["refusals"][f"{model} {answer.status_code}"] = steady(answer.json())
    return found


def _named(row: str) -> str:
    method, path = row.split()
    return f"{method} {plain(path)}"


def _declared(row: str, status: str) -> str:
    """The name of the model of an answer."""
    method, path = _named(row).split()
    base = swagger()["basePath"].rstrip("/")
    item = next(item for name, item in swagger()["paths"].items() if plain(base + name) == path)
    return str(item[method.lower()]["responses"][status]["schema"]["$ref"].rpartition("/")[2])


def _recorded(row: str, scene: dict[str, Any], client: APIClient, owner: User) -> dict[str, Any]:
    body, answer = call(row, scene, client, owner)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert 200 <= answer.status_code < 300, f"{row}: {content[:500]!r}"
    is_json = answer.get("Content-Type", "").startswith("application/json")
    shown = json.loads(content) if is_json and content else None
    found: dict[str, Any] = steady({"status": str(answer.status_code), "request": body, "answer": shown})
    return found


def _shape(value: Any) -> Any:
    """A value without what it says: names of fields, and types."""
    if isinstance(value, dict):
        return {name: _shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_shape(one) for one in value[:1]]
    return type(value).__name__


def test_the_examples_are_what_is_answered(answered: dict[str, Any], request: pytest.FixtureRequest) -> None:
    if request.config.getoption("record_examples"):
        FILE.write_text(json.dumps(answered, indent=1, ensure_ascii=False) + "\n")
    recorded = json.loads(FILE.read_text())

    old = {name for name in recorded.keys() | answered if _shape(recorded.get(name)) != _shape(answered.get(name))}
    assert old == set(), "record them again: see the docstring of this file"


def test_every_example_fits_its_schema() -> None:
    recorded = json.loads(FILE.read_text())
    wrong = []
    for name, example in recorded.items():
        if name != "refusals":
            method, path = name.split()
            wrong += [(name, one) for one in problems(method.lower(), path, int(example["status"]), example["answer"])]
    models = swagger()["definitions"]
    for name, model in models.items():
        validator = jsonschema_rs.Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": models})
        if "example" in model:
            wrong += [(name, error.message) for error in validator.iter_errors(model["example"])]

    assert wrong == []


def test_every_body_and_answer_has_an_example() -> None:
    missing = []
    for path, item in swagger()["paths"].items():
        for method, operation in item.items():
            named = f"{method.upper()} {plain(swagger()['basePath'].rstrip('/') + path)}"
            if method == "parameters" or named in NOT_CALLED:
                continue
            for status, response in operation["responses"].items():
                is_json = response.get("schema", {"type": "file"}).get("type") not in ("file", "string")
                if is_json and "examples" not in response:
                    missing.append(f"{named} {status}")
            for parameter in operation["parameters"]:
                if parameter["in"] == "body" and "example" not in _model(parameter["schema"]):
                    missing.append(f"{named} body")
            forms = [one for one in operation["parameters"] if one["in"] == "formData"]
            if forms and not any("x-example" in one for one in forms):
                missing.append(f"{named} form")

    assert missing == []


def _model(schema: dict[str, Any]) -> dict[str, Any]:
    model: dict[str, Any] = swagger()["definitions"][schema["$ref"].rpartition("/")[2]]
    return model
