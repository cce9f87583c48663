"""Requests made up from /swagger.json, of everybody, to a real server: no 5xx, nothing undocumented."""

import random
import time
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.services.harness import Start

SECONDS = 45.0
# They end the sign-ins that the rest needs.
LEFT_OUT = ("/auth/logout/", "/auth/sessions/", "/auth/sessions/{id}/", "/auth/password/reset/", "/users/{id}/")
ODD = (
    None,
    True,
    -1,
    0,
    10**30,
    1.5,
    "",
    " ",
    "x" * 3000,
    "' OR 1=1 --",
    "\u202e\u2028",
    [],
    [[]],
    {},
    {"id": 1},
    "%00",
)
TEXTS = ("Nimal", "+94771234567", "nimal@desk.example", "2024-01-15", "2024-01-15T10:00:00Z", "12.50", "en", "LK", "1")


class Maker:
    """Makes values for the schemas of Swagger 2.0: mostly good ones."""

    def __init__(self, swagger: dict[str, Any], seed: int) -> None:
        self.random, self.definitions = random.Random(seed), swagger["definitions"]

    def value(self, schema: dict[str, Any], depth: int = 0) -> Any:
        if self.random.random() < 0.15:
            return self.random.choice(ODD)
        if "$ref" in schema:
            return self.value(self.definitions[schema["$ref"].rpartition("/")[2]], depth)
        for many in ("allOf", "x-anyOf"):
            if many in schema:
                return self.value(self.random.choice(schema[many]), depth)
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        return self._plain(schema, depth)

    def _plain(self, schema: dict[str, Any], depth: int) -> Any:
        match schema.get("type"):
            case "integer":
                return self.random.choice((1, 2, 3, 5, 8, 99_999_999))
            case "number":
                return self.random.choice((0, 1, 12.5))
            case "boolean":
                return self.random.random() < 0.5
            case "array":
                most = 0 if depth > 3 else 3
                return [self.value(schema.get("items", {}), depth + 1) for _ in range(self.random.randint(0, most))]
            case "object":
                required = schema.get("required", ())
                fields = schema.get("properties", {}).items()
                kept = [(name, part) for name, part in fields if name in required or self.random.random() < 0.6]
                return {name: self.value(part, depth + 1) for name, part in kept} if depth < 4 else {}
            case _:
                return f"{self.random.choice(TEXTS)}{self.random.choice(('', str(self.random.randint(0, 99))))}"

    def request(self, method: str, path: str, said: dict[str, Any]) -> dict[str, Any]:
        """What httpx is to send to an operation."""
        asked: dict[str, Any] = {"method": method.upper(), "params": {}, "url": path}
        for one in said["parameters"]:
            if one["in"] == "path":
                value = self.random.choice((1, 2, 3, 5, 99_999_999, "x"))
                asked["url"] = asked["url"].replace(f"{{{one['name']}}}", str(value))
            elif one["in"] == "query" and self.random.random() < 0.3:
                asked["params"][one["name"]] = str(self.value(one))[:500]
            elif one["in"] == "body":
                asked["json"] = self.value(one["schema"])
            elif one["in"] == "formData" and one["type"] != "file":
                asked.setdefault("data", {})[one["name"]] = str(self.value(one))
        return asked


@pytest.fixture
def tokens(start: Start) -> tuple[str, dict[str, str]]:
    """The address of a server with the demo data, and an access token for each role."""
    url = start(ACCESS_TOKEN_MINUTES="600").url
    with httpx.Client(base_url=url, trust_env=False) as http:
        body = {"username": "visitor", "email": "visitor@desk.example", "password": "correct-horse-battery-9"}
        made = http.post("/api/customers/register/", json={**body, "password2": body["password"]})
        assert made.status_code == 201, made.text
        names = {"admin": "patter-demo-admin-1", "sam": "patter-demo-sam-1", "visitor": body["password"]}
        found = {
            name: http.post("/api/auth/login/", json={"username": name, "password": password}).json()["access"]
            for name, password in names.items()
        }
    return url, found


def test_no_answer_is_a_failure_or_undocumented(tokens: tuple[str, dict[str, str]]) -> None:
    url, of = tokens
    wrong: Counter[str] = Counter()
    statuses: Counter[int] = Counter()
    until = time.monotonic() + SECONDS
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as http:
        swagger = http.get("/swagger.json").json()
        maker, base = Maker(swagger, seed=18), swagger["basePath"].rstrip("/")
        operations = [
            (method, base + path, {**said, "parameters": [*item.get("parameters", ()), *said.get("parameters", ())]})
            for path, item in swagger["paths"].items()
            if not path.endswith(LEFT_OUT)
            for method, said in item.items()
            if method != "parameters"
        ]
        rounds = 0
        while time.monotonic() < until:
            rounds += 1
            maker.random.shuffle(operations)
            for (method, path, said), token in zip(operations, [*of.values(), ""] * len(operations), strict=False):
                head = {"Authorization": f"Bearer {token}"} if token else {}
                answer = http.request(**maker.request(method, path, said), headers=head)
                statuses[answer.status_code] += 1
                if answer.status_code >= 500 or str(answer.status_code) not in said["responses"]:
                    wrong[f"{method.upper()} {path}: {answer.status_code}"] += 1

    assert wrong == {}, f"of {statuses.total()} requests in {rounds} rounds"
    assert rounds >= 4
    assert {200, 201, 400, 401, 403, 404} <= set(statuses)
