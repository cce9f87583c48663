"""A POST with an Idempotency-Key creates once: sent again, it gets the first answer."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from core import idempotency
from core.idempotency import KEPT_FOR, AnswersOnce, creates
from core.models import Answered
from customers.actions.customers import create_customer
from customers.models import Customer
from messaging.desk import views as desk
from tests.accounts.parallel import in_parallel
from tests.permission_matrix import endpoints

CONTACT = {"email": "n@example.com", "wa_number": "+94770000055", "tp_number": "+94110000055"}
PASSWORD = "SecureP@ssw0rd123!"

# What can be created, by path.
BODIES: dict[str, dict[str, Any]] = {
    "/api/customers/": {"name": "Nimal Perera"},
    "/api/assignments/": {"customer": "{customer}", "salesperson": "{user}"},
    "/api/messages/": {"customer": "{customer}", "text": "Hi"},
    "/api/users/": {"username": "new", "email": "new@desk.example", "role": "sales", "password": PASSWORD},
    "/api/teams/": {"name": "Once"},
    "/api/contacts/": {"customer": "{customer}", **CONTACT},
    "/api/contacts/bulk-create/": {"contacts": [{"customer": "{customer}", **CONTACT}]},
    "/api/message/customer-data/": {"customer": "{customer}", "key": "k", "value": "v"},
    "/api/v1/msg/tags/": {"names": ["Once", "Only"]},
    "/api/customers/groups/": {"name": "Once"},
    "/api/customers/addresses/": {
        "customer": "{customer}", "address_type": "shipping", "address_line1": "1 Main St", "city": "Kandy",
        "country": "LK",
    },
    "/api/customers/customers/{customer}/orders/": {
        "number": "A1", "status": "delivered", "total": "10.00", "currency": "USD", "placed_at": "2026-01-01T00:00:00Z",
    },
    "/api/customers/customers/{customer}/wishlist/": {"product_id": "p9", "name": "A desk"},
    "/api/customers/customers/{customer}/reviews/": {"product_id": "p9", "rating": 4, "text": "Good"},
}  # fmt: skip


def filled(value: Any, things: dict[str, int]) -> Any:
    if isinstance(value, dict):
        return {name: filled(one, things) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, things) for one in value]
    return things[value[1:-1]] if isinstance(value, str) and value[:1] == "{" else value


def rows() -> dict[str, int]:
    """How many rows every table has."""
    return {model.__name__: model._default_manager.count() for model in apps.get_models()}


def once(client: APIClient, path: str, body: Any, key: str = "k1", **more: Any) -> Any:
    return client.post(path, body, headers={"Idempotency-Key": key}, **more)


def test_every_operation_that_creates_takes_one() -> None:
    found = set()
    for row, view in endpoints():
        method, path = row.split()
        instance, action = view.cls(**view.initkwargs), getattr(view, "actions", {}).get("post")
        if method == "POST" and view.cls.authentication_classes and creates(instance, action):
            assert issubclass(view.cls, AnswersOnce), path
            found.add(path)

    assert found == set(BODIES)


@pytest.mark.parametrize("path", BODIES)
def test_the_second_gets_the_first_answer(path: str, as_admin: APIClient, things: dict[str, int]) -> None:
    url, body = path.format(**things), filled(BODIES[path], things)
    first = once(as_admin, url, body)
    assert first.status_code == 201, first.content
    before = rows()

    second = once(as_admin, url, body)

    assert (second.status_code, second.json()) == (201, first.json())
    assert (first.get("Idempotent-Replayed"), second["Idempotent-Replayed"]) == (None, "true")
    assert second["Content-Type"] == first["Content-Type"]
    assert rows() == before
    assert PASSWORD not in str(list(Answered.objects.values()))


@pytest.mark.parametrize(
    ("path", "body"),
    [("/api/customers/", {"name": "Somebody Else"}), ("/api/v1/msg/tags/", {"name": "Nimal"}), ("/api/contacts/", {})],
)
def test_it_is_for_one_request(as_admin: APIClient, path: str, body: Any) -> None:
    once(as_admin, "/api/customers/", {"name": "Nimal"})
    before = rows()

    other = once(as_admin, path, body)

    assert other.status_code == 422
    assert b"used for another request" in other.content
    assert rows() == before
    if path == "/api/customers/":
        assert other.json()["code"] == "idempotency_key_reused"


def test_it_is_for_one_login(as_admin: APIClient, as_owner: APIClient) -> None:
    first, second = (once(client, "/api/customers/", {"name": "Nimal"}) for client in (as_admin, as_owner))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]
    assert "Idempotent-Replayed" not in second


def test_the_order_of_fields_makes_no_difference(as_owner: APIClient) -> None:
    first = once(as_owner, "/api/customers/", {"first_name": "N", "last_name": "P"})
    assert once(as_owner, "/api/customers/", {"last_name": "P", "first_name": "N"}).json() == first.json()


def test_a_refused_request_can_be_corrected(as_owner: APIClient) -> None:
    assert once(as_owner, "/api/customers/", {"email": "no email"}).status_code == 400
    assert not Answered.objects.exists()
    assert once(as_owner, "/api/customers/", {"email": "an@email.example"}).status_code == 201


def test_after_a_day_it_is_new_and_the_daily_chore_forgets_it(as_owner: APIClient) -> None:
    first = once(as_owner, "/api/customers/", {"name": "Nimal"})
    Answered.objects.update(created_at=timezone.now() - KEPT_FOR - timedelta(seconds=1))
    second = once(as_owner, "/api/customers/", {"name": "Perera"})
    assert second.status_code == 201
    assert second.json()["id"] != first.json()["id"]
    assert Answered.objects.count() == 1

    call_command("prune")
    assert Answered.objects.count() == 1
    Answered.objects.update(created_at=timezone.now() - KEPT_FOR - timedelta(seconds=1))
    call_command("prune")
    assert not Answered.objects.exists()


@pytest.mark.parametrize("key", ["", "x" * 256, "clé", "a\tb"])
def test_a_bad_key(as_owner: APIClient, key: str) -> None:
    before = rows()
    answer = once(as_owner, "/api/customers/", {"name": "Nimal"}, key)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert rows() == before


def test_a_key_of_any_length_that_is_allowed(as_owner: APIClient) -> None:
    assert [once(as_owner, "/api/customers/", {"name": "N"}, "x" * size).status_code for size in (1, 255)] == [201, 201]


def test_who_is_not_signed_in_or_may_not_is_refused_as_ever(anonymous: APIClient, as_customer: APIClient) -> None:
    assert once(anonymous, "/api/customers/", {"name": "N"}).status_code == 401
    assert once(as_customer, "/api/customers/", {"name": "N"}).status_code == 403
    assert not Answered.objects.exists()


def test_tokens_are_never_stored(as_owner: APIClient, owner: User) -> None:
    tickets = [once(as_owner, "/api/auth/ws-ticket/", {}).json()["ticket"] for _ in range(2)]
    assert len(set(tickets)) == 2
    assert not Answered.objects.exists()


def test_what_is_created_and_the_answer_are_stored_together(
    as_owner: APIClient, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("the process dies here")

    before = rows()
    with monkeypatch.context() as broken:
        broken.setattr(idempotency, "_store", fail)
        as_owner.raise_request_exception = False
        assert once(as_owner, "/api/customers/", {"name": "Nimal"}).status_code == 500

    assert rows() == before
    assert once(as_owner, "/api/customers/", {"name": "Nimal"}).status_code == 201


def test_links_to_files_are_signed_anew(as_owner: APIClient, customer: Customer) -> None:
    def asked() -> Any:
        file = SimpleUploadedFile("a b.txt", b"hello", content_type="text/plain")
        return once(
            as_owner, "/api/message/customer-data/", {"customer": customer.pk, "key": "k", "file": file},
            format="multipart",
        )  # fmt: skip

    first, second = asked(), asked()

    assert (first.status_code, second.json().keys()) == (201, first.json().keys())
    assert second["Idempotent-Replayed"] == "true"
    assert "sig=" not in Answered.objects.get().body
    path = second.json()["file_url"].partition("testserver")[2]
    assert b"".join(APIClient().get(path).streaming_content) == b"hello"  # type: ignore[attr-defined]


def test_another_file_is_another_request(as_owner: APIClient, customer: Customer) -> None:
    body = {"customer": customer.pk, "key": "k"}
    answers = [
        once(as_owner, "/api/message/customer-data/", {**body, "file": SimpleUploadedFile("a.txt", text)},
             format="multipart").status_code
        for text in (b"one", b"two")
    ]  # fmt: skip

    assert answers == [201, 422]


# Below their paths, and in the answers to others.
ABOUT_ONE = ("/api/contacts/", "/api/customers/addresses/", *(path for path in BODIES if "{customer}" in path))


def test_nothing_is_kept_about_who_was_erased(as_admin: APIClient, things: dict[str, int]) -> None:
    """The id of a neighbour, of whom everything is kept, begins with theirs."""
    gone = things["customer"]
    neighbour = Customer.objects.create(pk=gone * 10 + 1).pk
    for path in (*ABOUT_ONE, "/api/messages/"):
        assert once(as_admin, path.format(**things), filled(BODIES[path], things), path).status_code == 201, path
    theirs = {**things, "customer": neighbour}
    for path in ABOUT_ONE:
        asked = filled(BODIES[path], theirs)
        if "number" in asked:
            asked["number"] = "A2"
        assert once(as_admin, path.format(**theirs), asked, f"of the neighbour: {path}").status_code == 201, path

    assert as_admin.delete(f"/api/customers/{gone}/").status_code == 204

    assert set(Answered.objects.values_list("key", flat=True)) == {f"of the neighbour: {path}" for path in ABOUT_ONE}


def test_nothing_is_kept_of_what_was_answered_to_who_was_erased(
    as_admin: APIClient, as_customer: APIClient, customer: Customer, customer_login: User
) -> None:
    new = once(as_admin, "/api/customers/", {"name": "Nimal"}, "of another").json()
    wish = f"/api/customers/customers/{customer.pk}/wishlist/"
    assert once(as_customer, wish, {"product_id": "p1", "name": "A desk"}, "own").status_code == 201
    # As it is after a merge that was undone: the answer to the login is about the other customer.
    Answered.objects.filter(key="own").update(path=wish.replace(str(customer.pk), str(new["id"])))

    assert as_admin.delete(f"/api/customers/{customer.pk}/").status_code == 204
    assert list(Answered.objects.values_list("key", flat=True)) == ["of another"]
    assert as_admin.delete(f"/api/customers/{new['id']}/").status_code == 204
    assert not Answered.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_several_at_once_create_one(owner: User, client_of: Callable[[User], APIClient]) -> None:
    clients = [client_of(owner) for _ in range(4)]

    answers = in_parallel(4, lambda: once(clients.pop(), "/api/customers/", {"name": "Nimal"}))

    made = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert made
    assert len(set(made)) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"in_progress"}
    assert Customer.objects.count() == 1


class Forgetful(set[Any]):
    """What a process knows of the requests that another one answers."""

    def __contains__(self, _: object) -> bool:
        return False


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", ["here", "in another process"])
def test_who_comes_while_the_first_is_running_is_told(
    where: str, owner: User, client_of: Callable[[User], APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    if where != "here":
        if connection.vendor != "postgresql":
            pytest.skip("on SQLite there is one process")
        monkeypatch.setattr(idempotency, "_in_progress", Forgetful())
    begun, go_on = threading.Event(), threading.Event()
    create = create_customer

    def slow(**given: Any) -> Customer:
        begun.set()
        assert go_on.wait(10)
        return create(**given)

    monkeypatch.setattr(desk, "create_customer", slow)
    clients, answers = [client_of(owner) for _ in range(2)], []

    def first() -> None:
        answers.append(once(clients[0], "/api/customers/", {"name": "N"}))
        connection.close()

    running = threading.Thread(target=first)
    running.start()
    assert begun.wait(10)
    told = once(clients[1], "/api/customers/", {"name": "N"})
    # On SQLite everybody who writes waits for the first.
    other = as_other(clients[1]) if connection.vendor == "postgresql" else 201
    go_on.set()
    running.join(10)

    assert (told.status_code, told.json()["code"]) == (409, "in_progress")
    assert (answers[0].status_code, other) == (201, 201)
    assert once(clients[1], "/api/customers/", {"name": "N"}).json() == answers[0].json()
    assert Customer.objects.count() == 1


def as_other(client: APIClient) -> int:
    """A key that nobody uses waits for nobody."""
    return int(once(client, "/api/v1/msg/tags/", {"name": "Meanwhile"}, "k2").status_code)


def test_a_request_without_a_key_is_in_no_transaction_of_ours(
    as_owner: APIClient, monkeypatch: pytest.MonkeyPatch, customer: Customer
) -> None:
    before = len(connection.savepoint_ids)
    seen: list[int] = []
    create = create_customer

    def watch(**given: Any) -> Customer:
        seen.append(len(connection.savepoint_ids) - before)
        return create(**given)

    monkeypatch.setattr(desk, "create_customer", watch)
    assert as_owner.post("/api/customers/", {"name": "N"}).status_code == 201
    assert once(as_owner, "/api/customers/", {"name": "N"}).status_code == 201
    assert seen == [0, 1]
