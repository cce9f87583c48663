"""Examples of requests and answers for Swagger UI and ReDoc.

config/examples.json has what the test suite sent and was answered (tests/config/test_examples.py writes it). Refusals
that it does not have are made by the code that makes them for requests.
"""

import json
import re
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from drf_yasg import openapi

from config.errors import shaped

FILE = Path(__file__).parent / "examples.json"
_JSON = "application/json"
# Of statuses that every refusal names a code for.
_CODES = {
    "406": "not_acceptable",
    "409": "in_progress",
    "410": "merged",
    "412": "stale",
    "422": "idempotency_key_reused",
}


@cache
def _recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text())
    return found


def add_examples(operation: Any, method: str, path: str, models: Any) -> None:
    """Give an operation its examples. The one of a JSON body goes to its model, among `models`."""
    found = _recorded().get(f"{method} {re.sub(r'{[^}]*}', '{}', path)}", {})
    if (body := found.get("request")) is not None:
        _add_request(operation.parameters, body, models)
    for status, response in operation.responses.items():
        if "schema" not in response:
            continue
        if int(status) >= HTTPStatus.BAD_REQUEST:
            response["examples"] = {_JSON: _refusal(response, status, path)}
        elif found.get("answer") is not None:
            response["examples"] = {_JSON: found["answer"]}


def _add_request(parameters: list[Any], body: dict[str, Any], models: Any) -> None:
    for parameter in parameters:
        if parameter.in_ == openapi.IN_BODY and "$ref" in parameter.schema:
            models[parameter.schema["$ref"].rpartition("/")[2]].setdefault("example", body)
        elif parameter.in_ == openapi.IN_FORM and parameter.name in body:
            parameter["x-example"] = body[parameter.name]


def _refusal(response: Any, status: str, path: str) -> Any:
    model = response.schema["$ref"].rpartition("/")[2]
    if (found := _recorded()["refusals"].get(f"{model} {status}")) is not None:
        return found
    code = _CODES.get(status, "")
    return shaped(path, {"detail": response.description}, int(status), code)
