"""Holds every answer of the test client against /swagger.json: its status, and each field of its body.

Also what is refused in front of Django, whoever sends the request.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

import jsonschema_rs
from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve

from config.bodies import SpoolBody

# Answers that are allowed to differ, as `METHOD path status`, each with its reason.
_THROTTLED = "the test puts a throttle there to see the shape of its refusal"
EXCEPTIONS = {
    f"GET {path} 429": _THROTTLED
    for path in (
        "/api/contacts/",
        "/api/customers-with-contacts/",
        "/api/v1/msg/tags/",
        "/api/v1/msg/customer/{}/tags/",
    )
}

Schema = dict[str, Any]


def plain(route: str) -> str:
    """Replace each parameter in a route or in a path of the schema by `{}`; the last slash counts as there."""
    route = re.sub(r"\(\?P<\w+>(?:\[[^\]]*\]|\\.|[^()\\])*\)", "{}", route.removeprefix("^"))
    route = route.removesuffix("$").removesuffix(r"\Z").replace("/?", "/").replace("^", "")
    return "/" + re.sub(r"<[^>]+>|\{[^}]*\}", "{}", route).strip("/") + "/"


@cache
def swagger() -> Schema:
    """/swagger.json, made once, because that takes a second. Do not change it."""
    answer = Client().get("/swagger.json")
    assert answer.status_code == 200
    schema: Schema = answer.json()
    return schema


@cache
def _operations() -> dict[str, Schema]:
    base = swagger()["basePath"].rstrip("/")
    return {plain(base + path): operations for path, operations in swagger()["paths"].items()}


@cache
def _definitions() -> Schema:
    return {name: _strict(schema) for name, schema in swagger()["definitions"].items()}


@cache
def _validator(path: str, method: str, status: str) -> Any:
    """What checks the body of an answer, or None if it has none."""
    schema = _operations()[path][method]["responses"][status].get("schema")
    if schema is None or schema.get("type") in ("file", "string"):  # no JSON
        return None
    checked = {**_strict(schema), "definitions": _needed_by(schema)}
    return jsonschema_rs.Draft7Validator(checked, validate_formats=True)


def _needed_by(schema: Schema) -> Schema:
    """The definitions that a schema refers to, and those that they do. With all of them it takes long to compile."""
    needed: Schema = {}
    unseen = _named_in(schema)
    while unseen:
        name = unseen.pop()
        needed[name] = _definitions()[name]
        unseen |= _named_in(needed[name]) - needed.keys()
    return needed


def _named_in(schema: Any) -> set[str]:
    return set(re.findall(r"#/definitions/([^\"]+)\"", json.dumps(schema)))


def _strict(schema: Any) -> Any:
    """A schema of Swagger 2.0 as JSON Schema, in which an object has no fields but those that are declared."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {
        name.removeprefix("x-"): _strict_part(name, part) for name, part in schema.items() if name != "x-nullable"
    }
    if strict.get("type") == "object":
        strict.setdefault("additionalProperties", False)
    return {"anyOf": [strict, {"type": "null"}]} if schema.get("x-nullable") else strict


def _strict_part(name: str, part: Any) -> Any:
    if name == "properties":
        return {field: _strict(schema) for field, schema in part.items()}
    return part if name in ("enum", "required", "default", "example") else _strict(part)


def problems(method: str, path: str, status: int, body: Any) -> list[str]:
    """How an answer differs from what is declared for this path (as `plain` says it)."""
    operation = _operations().get(path, {}).get(method)
    if status == 500:
        return []  # a fault of ours is declared nowhere
    if operation is None:
        return [] if status in (401, 403, 404, 405) else ["the operation is not in the schema"]
    if str(status) not in operation["responses"]:
        return [f"the status is not declared; the answer is {str(body)[:300]}"]
    validator = _validator(path, method, str(status))
    if validator is None:
        return [] if body is None else [f"no body is declared; the answer is {str(body)[:300]}"]
    if body is None:
        return ["a body is declared, and there is none"]
    wrong = () if validator.is_valid(body) else validator.iter_errors(body)
    return [f"{'.'.join(map(str, error.instance_path)) or 'body'}: {error.message}" for error in wrong]


class Watch:
    """Sees every answer of the test client, and every refusal of the ASGI application, and remembers how they differ
    from what is declared."""

    def __init__(self) -> None:
        self._found: list[str] = []
        # By event loops, which have no time to check them.
        self._refused: list[tuple[Any, list[Any]]] = []

    def start(self) -> None:
        """See to it that each request of a test client comes by here."""
        watch, send = self, Client.request

        def request(client: Client, **request: Any) -> Any:
            response = send(client, **request)
            watch._see(request["REQUEST_METHOD"].lower(), response)
            return response

        Client.request = request
        answer = SpoolBody.__call__

        async def answer_seen(body: SpoolBody, scope: Any, receive: Any, send: Any) -> None:
            sent: list[Any] = []

            async def seen(message: Any) -> None:
                if sent or message.get("status", 0) >= HTTPStatus.BAD_REQUEST:
                    sent.append(message)
                await send(message)

            await answer(body, scope, receive, seen)
            if sent:
                watch._refused.append((scope, sent))

        SpoolBody.__call__ = answer_seen  # type: ignore[method-assign]

    def take(self) -> list[str]:
        """What was found since the last call."""
        refused, self._refused = self._refused, []
        for scope, sent in refused:
            self._see_refusal(scope, sent)
        found, self._found = self._found, []
        return found

    def _see(self, method: str, response: Any) -> None:
        """Check an answer; one that is streamed when it has been read."""
        match = response.wsgi_request.resolver_match
        path = plain(match.route) if match else ""
        if method in ("head", "options") or not path.startswith("/api/") or path in _PAGES:
            return
        if response.streaming:
            response.streaming_content = self._read(method, path, response, response.streaming_content)
        else:
            self._check(method, path, response, response.content)

    def _see_refusal(self, scope: Any, sent: list[Any]) -> None:
        try:
            path = plain(resolve(scope["path"]).route)
        except Resolver404:
            return
        method = scope["method"].lower()
        if method in _operations().get(path, {}):
            content = b"".join(message.get("body", b"") for message in sent[1:])
            answer = HttpResponse(content, status=sent[0]["status"])
            answer["Content-Type"] = dict(sent[0]["headers"]).get(b"content-type", b"").decode()
            self._check(method, path, answer, content)

    def _read(self, method: str, path: str, response: Any, chunks: Iterator[bytes]) -> Iterator[bytes]:
        read = []
        for chunk in chunks:
            read.append(chunk)
            yield chunk
        self._check(method, path, response, b"".join(read))

    def _check(self, method: str, path: str, response: HttpResponse, content: bytes) -> None:
        is_json = response.get("Content-Type", "").startswith("application/json")
        body = json.loads(content) if content and is_json else None
        at = f"{method.upper()} {path} {response.status_code}"
        if at not in EXCEPTIONS:
            self._found += [f"{at}: {problem}" for problem in problems(method, path, response.status_code, body)]


# The API's own documentation.
_PAGES = ("/api/docs/", "/api/redoc/", "/api/guide/", "/api/guide/realtime/")
