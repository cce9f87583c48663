"""What a request names and nobody knows is refused, and told the nearest name."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from core.fields import StrictBooleanField
from customers.models import Assignment, Customer
from messaging.models import Message
from tests.permission_matrix import endpoints

TEXT = "Unknown parameter. Did you mean {}?"


@pytest.mark.parametrize(
    ("path", "given", "meant"),
    [
        ("/api/customers/", "has_unred", "has_unread"),
        ("/api/customers/", "pagesize", "page_size"),
        ("/api/messages/", "page_siz", "page_size"),
        ("/api/customers/{customer}/messages/", "curser", "cursor"),
        ("/api/customers/{customer}/events/", "aftr", "after"),
        ("/api/customers/groups/{group}/members/", "pag", "page"),
        ("/api/customers/customers/{customer}/orders/", "state", "status"),
        ("/api/message/customer-data/", "custmer", "customer"),
        ("/api/reports/response-times.csv", "delimeter", "delimiter"),
        ("/api/reports/response-times.csv/", "frm", "from"),
    ],
)
def test_an_unknown_parameter(path: str, given: str, meant: str, things: dict[str, int], as_admin: APIClient) -> None:
    answer = as_admin.get(path.format(**things), {given: "1"})

    assert (answer.status_code, answer.json()) == (400, {given: [TEXT.format(meant)]})


def test_who_may_not_call_it_is_told_that_first(as_customer: APIClient, anonymous: APIClient) -> None:
    assert as_customer.get("/api/customers/?has_unred=1").status_code == 403
    assert anonymous.get("/api/customers/?has_unred=1").status_code == 401


def test_the_envelopes_of_contacts_and_tags(as_owner: APIClient) -> None:
    contacts = as_owner.get("/api/contacts/?is_activ=true").json()
    assert contacts["errors"] == {"is_activ": [TEXT.format("is_active")]}
    tags = as_owner.get("/api/v1/msg/tags/?serch=x").json()
    assert tags == {"error": f"serch: {TEXT.format('search')}"}


def test_without_a_near_one_all_are_named(as_owner: APIClient, customer: Customer) -> None:
    events = as_owner.get(f"/api/customers/{customer.pk}/events/?zzz=1").json()
    assert events == {"zzz": ["Unknown parameter. Known are: after."]}
    assert as_owner.get("/api/auth/me/?zzz=1").json() == {"zzz": ["Unknown parameter. There are none here."]}


PATHS = sorted(row for row, _ in endpoints() if "/webhook/" not in row)


@pytest.mark.parametrize("row", PATHS)
def test_every_operation_refuses_them(row: str, things: dict[str, int], as_admin: APIClient) -> None:
    method, path = row.split()
    before = [model.objects.count() for model in (Customer, User, Message, Assignment)]

    answer = as_admin.generic(method, f"{path.format(**things)}?no_such_parameter=1")

    assert answer.status_code == 400
    assert b"no_such_parameter" in answer.content
    assert [model.objects.count() for model in (Customer, User, Message, Assignment)] == before


@pytest.mark.parametrize("query", ["format=json", "_=1700000000", "format=json&_=1", "page=1&page_size=5&count=exact"])
def test_known_everywhere(as_owner: APIClient, query: str) -> None:
    assert as_owner.get(f"/api/customers/?{query}").status_code == 200


def test_meta_may_add_to_its_parameters(anonymous: APIClient, settings: Any) -> None:
    settings.WHATSAPP_VERIFY_TOKEN = "ours"
    query = "hub.mode=subscribe&hub.verify_token=ours&hub.challenge=7&hub.new=1"
    assert anonymous.get(f"/api/webhook/?{query}").content == b"7"


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        ("messages", {"customer": 0, "txt": "Hi"}, {"txt": ["Unknown field. Did you mean text?"]}),
        ("assignments", {"custmer": 0}, {"custmer": ["Unknown field. Did you mean customer?"]}),
        ("users", {"user_name": "x"}, {"user_name": ["Unknown field. Did you mean username?"]}),
    ],
)
def test_an_unknown_field(as_admin: APIClient, customer: Customer, path: str, body: Any, error: Any) -> None:
    counted = (Message, Assignment, User)
    before = [model.objects.count() for model in counted]

    answer = as_admin.post(f"/api/{path}/", body)

    assert (answer.status_code, answer.json()) == (400, error)
    assert [model.objects.count() for model in counted] == before


def test_fields_that_only_answers_have_may_be_sent_back(as_admin: APIClient, owner: User) -> None:
    path = f"/api/users/{owner.pk}/"
    row = as_admin.get(path).json()

    answer = as_admin.put(path, {**row, "first_name": "Samuel"})

    assert (answer.status_code, answer.json()) == (200, {**row, "first_name": "Samuel"})


def test_the_documented_paths_ignore_unknown_fields(as_admin: APIClient, customer: Customer) -> None:
    for path in (f"/api/customers/customers/{customer.pk}/", f"/api/customers/{customer.pk}/"):
        assert as_admin.patch(path, {"no_such_field": 1}).status_code == 200


@pytest.mark.parametrize("value", ["yes", "on", "t", "maybe", "", 1, 0, 1.0, None, [], {}, "null"])
def test_booleans_are_strict(as_admin: APIClient, owner: User, value: Any) -> None:
    answer = as_admin.patch(f"/api/users/{owner.pk}/", {"is_active": value})

    assert answer.status_code == 400
    assert answer.json().keys() == {"is_active"}
    owner.refresh_from_db()
    assert owner.is_active


@pytest.mark.parametrize(("value", "stored"), [(True, True), ("true", True), ("TRUE", True), ("0", False)])
def test_true_and_false(value: Any, stored: bool) -> None:
    assert StrictBooleanField().run_validation(value) is stored


def test_a_form_without_the_field_takes_its_default(as_owner: APIClient, customer: Customer) -> None:
    body = {"customer": customer.pk, "email": "a@b.example", "wa_number": "0771234567", "tp_number": "0112345678"}
    answer = as_owner.post("/api/contacts/", body, format="multipart")

    assert answer.status_code == 201
    assert answer.json()["data"]["is_active"] is True
