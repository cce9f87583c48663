"""Details have an ETag, and a change that names an older version in If-Match is refused."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from core.versions import KnowsVersions, etag_of
from customers.models import Customer, Event
from customers.versions import CustomersVersions
from messaging.actions import leaving
from tests.accounts.parallel import in_parallel
from tests.permission_matrix import endpoints

# A change that makes another version, by path.
CHANGES: dict[str, dict[str, Any]] = {
    "/api/users/{user}/": {"first_name": "Changed"},
    "/api/teams/{team}/": {"name": "Changed"},
    "/api/customers/{customer}/": {"notes": "Changed"},
    "/api/customers/customers/{customer}/": {"nic": "123456789V"},
    "/api/customers/addresses/{address}/": {"city": "Galle"},
    "/api/customers/groups/{group}/": {"name": "Changed"},
    "/api/contacts/{contact}/": {"tp_number": "+94112345670"},
    "/api/message/customer-data/{data}/": {"value": "Changed"},
    "/api/v1/msg/tags/{tag}/": {"name": "Changed"},
    "/api/assignments/{assignment}/": {},
    "/api/messages/{message}/": {},
}
OWNERS = ("/api/message/customer-data/{data}/", "/api/v1/msg/tags/{tag}/")


@pytest.fixture
def client_for(as_admin: APIClient, as_owner: APIClient) -> Callable[[str], APIClient]:
    return lambda path: as_owner if path in OWNERS else as_admin


def row_in(answer: Any) -> Any:
    body = answer.json()
    return body["data"] if "success" in body else body


def test_every_row_that_can_be_read_and_changed_has_versions() -> None:
    found = set()
    for row, view in endpoints():
        method, path = row.split()
        if getattr(view, "actions", {}).get(method.lower()) in ("update", "partial_update", "destroy"):
            assert issubclass(view.cls, KnowsVersions) or not hasattr(view.cls, "retrieve"), path
            found |= {path} if hasattr(view.cls, "retrieve") else set()

    assert found == set(CHANGES)


@pytest.mark.parametrize("path", [path for path, change in CHANGES.items() if change])
def test_who_knows_an_old_version_changes_nothing(
    path: str, client_for: Callable[[str], APIClient], things: dict[str, int]
) -> None:
    client, url = client_for(path), path.format(**things)
    old = client.get(url)["ETag"]
    assert client.get(url)["ETag"] == old
    assert client.put(url, CHANGES[path], headers={"If-Match": old}).status_code == 200
    now, events = client.get(url), Event.objects.count()
    assert now["ETag"] != old

    for method in ("put", "patch", "delete"):
        answer = getattr(client, method)(url, {} if method == "delete" else CHANGES[path], headers={"If-Match": old})
        if answer.status_code == 405:  # tags have no PATCH
            continue
        said = answer.json()
        assert answer.status_code == 412, answer.content
        assert answer["ETag"] == now["ETag"]
        code, current = (said.get("errors") or said)["code"], (said.get("errors") or said)["current"]
        assert (code, current) == ("stale", row_in(now))

    assert client.get(url).content == now.content
    assert Event.objects.count() == events
    assert client.delete(url, headers={"If-Match": now["ETag"]}).status_code in (200, 204)
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("path", [path for path, change in CHANGES.items() if change])
def test_a_change_answers_with_the_new_version(
    path: str, client_for: Callable[[str], APIClient], things: dict[str, int]
) -> None:
    client, url = client_for(path), path.format(**things)
    old = client.get(url)["ETag"]

    for method in ("put", "patch"):
        answer = getattr(client, method)(url, CHANGES[path], headers={"If-Match": old})
        if answer.status_code == 405:  # tags have no PATCH
            continue
        assert answer.status_code == 200, answer.content
        assert answer["ETag"] == client.get(url)["ETag"]
        assert method == "patch" or answer["ETag"] != old
        old = answer["ETag"]


def test_the_version_of_a_row_is_the_same_however_it_is_written(as_owner: APIClient, customer: Customer) -> None:
    url = f"/api/customers/{customer.pk}/"
    spread = as_owner.get(url, headers={"Accept": "application/json; indent=4"})
    assert spread.content != as_owner.get(url).content
    assert as_owner.patch(url, {"notes": "x"}, headers={"If-Match": spread["ETag"]}).status_code == 200


def test_reviews_have_versions_where_they_are_written(
    as_customer: APIClient, as_admin: APIClient, customer: Customer
) -> None:
    path = f"/api/customers/customers/{customer.pk}/reviews/"
    new = as_customer.post(path, {"product_id": "p1", "rating": 4})
    url, first = f"{path}{new.json()['id']}/", {"If-Match": new["ETag"]}
    changed = as_admin.put(url, {"text": "Good"}, headers=first)
    assert changed.status_code == 200, changed.content
    events = Event.objects.count()

    for stale in (as_customer.put(url, {"rating": 1}, headers=first), as_customer.delete(url, headers=first)):
        assert (stale.status_code, stale["ETag"]) == (412, changed["ETag"])
        assert (stale.json()["code"], stale.json()["current"]) == ("stale", changed.json())

    assert as_customer.get(path).json()["results"] == [changed.json()]
    assert Event.objects.count() == events
    assert as_customer.delete(url, headers={"If-Match": changed["ETag"]}).status_code == 204


def test_an_assignment_that_has_ended(as_admin: APIClient, things: dict[str, int]) -> None:
    url = f"/api/assignments/{things['assignment']}/"
    old = as_admin.get(url)["ETag"]
    assert as_admin.delete(url, headers={"If-Match": old}).status_code == 204

    again = as_admin.delete(url, headers={"If-Match": old})

    assert (again.status_code, again.json().keys()) == (412, {"detail", "code", "current"})
    assert again.json()["current"]["is_active"] is False


@pytest.mark.parametrize("known", ["*", '"other", {}', "{}"])
def test_what_matches(as_owner: APIClient, customer: Customer, known: str) -> None:
    url = f"/api/customers/{customer.pk}/"
    known = known.format(as_owner.get(url)["ETag"])
    assert as_owner.patch(url, {"notes": "x"}, headers={"If-Match": known}).status_code == 200


@pytest.mark.parametrize("known", ['"other"', "W/{}", "nonsense", ""])
def test_what_does_not(as_owner: APIClient, customer: Customer, known: str) -> None:
    url = f"/api/customers/{customer.pk}/"
    known = known.format(as_owner.get(url)["ETag"])
    assert as_owner.patch(url, {"notes": "x"}, headers={"If-Match": known}).status_code == 412
    customer.refresh_from_db()
    assert customer.notes == ""


def test_other_refusals_come_as_ever(
    as_owner: APIClient, as_stranger: APIClient, as_customer: APIClient, anonymous: APIClient, customer: Customer
) -> None:
    url, known = f"/api/customers/{customer.pk}/", {"If-Match": '"old"'}
    assert anonymous.patch(url, {}, headers=known).status_code == 401
    assert as_customer.patch(url, {}, headers=known).status_code == 403
    foreign, missing = (
        as_stranger.patch(url, {}, headers=known),
        as_owner.patch("/api/customers/987654/", headers=known),
    )
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() == missing.json()
    now = {"If-Match": as_owner.get(url)["ETag"]}
    assert as_owner.patch(url, {"email": "no email"}, headers=now).status_code == 400


# Logins and teams are locked by what changes them.
@pytest.mark.parametrize("path", [path for path in CHANGES if not {"users", "teams"} & set(path.split("/"))])
def test_nobody_waits_for_a_row_that_they_cannot_see(
    path: str,
    client_for: Callable[[str], APIClient],
    as_stranger: APIClient,
    things: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held: list[int] = []
    for versions in (KnowsVersions, CustomersVersions):
        monkeypatch.setattr(versions, "hold", lambda view, pk: held.append(pk))
    url, known = path.format(**things), {"If-Match": '"old"'}
    method = "put" if CHANGES[path] else "delete"
    if "tags" not in path:  # all staff see them
        refused = getattr(as_stranger, method)(url, CHANGES[path], headers=known)
        assert refused.status_code in (403, 404)
    missing = getattr(client_for(path), method)(f"{path.split('{')[0]}987654/", CHANGES[path], headers=known)
    assert missing.status_code in (400, 404)
    assert held == []

    assert getattr(client_for(path), method)(url, CHANGES[path], headers=known).status_code == 412
    assert len(held) == 1


def test_a_login_that_changed_meanwhile(as_admin: APIClient, owner: User, stranger: User, customer: Customer) -> None:
    url = f"/api/users/{owner.pk}/"
    old = {"If-Match": as_admin.get(url)["ETag"]}
    User.objects.filter(pk=owner.pk).update(last_name="Changed")
    before = User.objects.values().get(pk=owner.pk)
    change = {"is_active": False, "password": "mango-river-88", "hand_over_to": stranger.pk}

    answers = [
        as_admin.patch(url, change, headers=old),
        as_admin.delete(f"{url}?hand_over_to={stranger.pk}", headers=old),
    ]

    assert [answer.status_code for answer in answers] == [412, 412]
    assert all(answer["ETag"] == as_admin.get(url)["ETag"] for answer in answers)
    assert User.objects.values().get(pk=owner.pk) == before
    customer.refresh_from_db()
    assert customer.owner == owner
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["patch", "delete"])
def test_customers_are_handed_over_in_no_transaction_of_ours(
    how: str, as_admin: APIClient, owner: User, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_transaction: list[bool] = []
    monkeypatch.setattr(leaving, "fault", lambda _: in_transaction.append(connection.in_atomic_block))
    url = f"/api/users/{owner.pk}/"
    known = {"If-Match": as_admin.get(url)["ETag"]}

    assert getattr(as_admin, how)(url, {"is_active": False}, headers=known).status_code in (200, 204)

    assert in_transaction == [False]
    customer.refresh_from_db()
    assert customer.owner is None


def test_links_that_are_signed_anew_are_no_change() -> None:
    row = b'{"url": "http://x/media/a.png?session=%s&expires=1&sig=%s"}'
    one, other = [str(UUID(int=number)).encode() for number in (1, 2)]
    assert etag_of(row % (one, b"a-b_c")) == etag_of(row % (other, b"xyz"))
    assert etag_of(row % (one, b"a")) != etag_of(row.replace(b"a.png", b"b.png") % (one, b"a"))


@pytest.mark.django_db(transaction=True)
def test_of_several_at_once_one_wins(owner: User, customer: Customer, client_of: Callable[[User], APIClient]) -> None:
    clients, url = [client_of(owner) for _ in range(4)], f"/api/customers/{customer.pk}/"
    known = {"If-Match": clients[0].get(url)["ETag"]}
    notes = [f"note {number}" for number in range(4)]

    answers = in_parallel(4, lambda: clients.pop().patch(url, {"notes": notes.pop()}, headers=known))

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert {answer.json()["current"]["notes"] for answer in answers if answer.status_code == 412} == {won["notes"]}
    assert Event.objects.filter(customer=customer, type="customer_updated").count() == 1
