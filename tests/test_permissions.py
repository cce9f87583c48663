"""Every endpoint answers everybody of the cast as the permission matrix says."""

from typing import Any

import pytest
from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from accounts.models import User
from accounts.permissions import IsSalesOrAdmin, RightsByAction
from tests.permission_matrix import MATRIX, ROLES, rows


class SomeActionsNamed(RightsByAction, ViewSet):
    """A viewset that says who may list, and forgets who may delete."""

    rights = {"list": IsSalesOrAdmin}

    def list(self, request: Request) -> Response:
        return Response()

    def destroy(self, request: Request) -> Response:
        return Response()


class NothingNamed(APIView):
    """A view that says nothing of who may call it."""

    def delete(self, request: Request) -> Response:
        return Response()


@pytest.fixture
def client_as(request: pytest.FixtureRequest) -> Any:
    names = {"anonymous": "anonymous", **{role: f"as_{role}" for role in ROLES[1:]}}
    return lambda role: request.getfixturevalue(names[role])


def test_every_endpoint_has_a_row() -> None:
    missing = set(rows()) ^ set(MATRIX)
    assert not missing, f"add a row to MATRIX, or take one out: {sorted(missing)}"


@pytest.mark.parametrize("row", MATRIX)
def test_the_matrix(row: str, things: dict[str, int], client_as: Any) -> None:
    """One test for the whole cast, because making the things takes longer than asking for them."""
    method, path = row.format(**things).split()
    answers = []
    for client in [client_as(role) for role in ROLES]:
        with transaction.atomic():
            body = b"{}" if method != "GET" else b""
            answers.append(client.generic(method, path, body, content_type="application/json").status_code)
            transaction.set_rollback(True)  # everybody finds the same
    assert dict(zip(ROLES, answers, strict=True)) == dict(zip(ROLES, map(int, MATRIX[row].split()), strict=True))


@pytest.mark.parametrize("row", [row for row in MATRIX if "{" in row and " 404 " in MATRIX[row]])
def test_foreign_and_missing_look_the_same(row: str, things: dict[str, int], as_stranger: Any) -> None:
    answers = []
    for ids in (things, dict.fromkeys(things, 99_999_999)):
        method, path = row.format(**ids).split()
        response = as_stranger.generic(method, path, b"{}" if method != "GET" else b"", content_type="application/json")
        answers.append((response.status_code, response.content))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


def status(view: Any, method: str, user: User | None) -> int:
    """What a view that is not routed answers to somebody."""
    request = APIRequestFactory().generic(method, "/")
    force_authenticate(request, user=user)
    return int(view(request).status_code)


@pytest.mark.parametrize("view", [SomeActionsNamed.as_view({"delete": "destroy"}), NothingNamed.as_view()])
def test_what_names_nobody_is_for_admins(view: Any, owner: User, customer_login: User, admin: User) -> None:
    answers = [status(view, "DELETE", user) for user in (None, customer_login, owner, admin)]

    assert answers == [401, 403, 403, 200]


def test_a_named_action_is_for_those_it_names(owner: User, customer_login: User) -> None:
    view = SomeActionsNamed.as_view({"get": "list"})

    assert [status(view, "GET", user) for user in (customer_login, owner)] == [403, 200]
