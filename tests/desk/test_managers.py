"""The manager of a team sees and hands over the customers of its members, and nobody else's."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions.teams import update_team
from accounts.models import Team, User
from customers.models import Assignment, Customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def foreign(stranger: User) -> Customer:
    return Customer.objects.create(first_name="Fay", owner=stranger)


def listed(client: Any, query: str = "") -> set[int]:
    return {row["id"] for row in client.get(f"/api/customers/{query}").json()["results"]}


def test_the_desk_of_a_manager(as_manager: Any, manager: User, customer: Customer, foreign: Customer) -> None:
    own = Customer.objects.create(first_name="Olive", owner=manager)
    nobodys = Customer.objects.create(first_name="Una")

    assert listed(as_manager) == {customer.pk, own.pk}
    assert listed(as_manager, f"?owner={customer.owner_id}") == {customer.pk}
    assert as_manager.get(f"/api/customers/{customer.pk}/").status_code == 200
    for other in (foreign, nobodys):
        assert as_manager.get(f"/api/customers/{other.pk}/").status_code == 404
    assert set(Customer.objects.visible_to(manager)) == {customer, own}


def test_not_those_of_another_manager(as_admin: Any, as_manager: Any, manager: User, foreign: Customer) -> None:
    """Unless that one is a member, too."""
    team = Team.objects.get()
    update_team(actor=None, team=team, managers=[manager, foreign.owner])
    assert foreign.pk not in listed(as_manager)
    update_team(actor=None, team=team, members=[*team.members.all(), foreign.owner])
    assert foreign.pk in listed(as_manager)


def test_a_manager_hands_over(as_manager: Any, customer: Customer, stranger: User, foreign: Customer) -> None:
    body = {"customer": foreign.pk, "salesperson": stranger.pk}
    before = Assignment.objects.count()
    assert as_manager.post("/api/assignments/", body).status_code == 400
    assert Assignment.objects.count() == before

    answer = as_manager.post("/api/assignments/", {"customer": customer.pk, "salesperson": stranger.pk})
    assert answer.status_code == 201, answer.content
    customer.refresh_from_db()
    assert customer.owner == stranger
    assert as_manager.get(f"/api/customers/{customer.pk}/").status_code == 404


def test_a_manager_answers(as_manager: Any, manager: User, customer: Customer, chat: Any) -> None:
    chat(customer, at=timezone.now())
    body = {"customer": customer.pk, "text": "Sam is out, I can help.", "client_id": "a"}
    answer = as_manager.post("/api/messages/", body)
    assert (answer.status_code, answer.json()["sender"]["id"]) == (201, manager.pk)
    again = as_manager.post("/api/messages/", body)
    assert (again.status_code, again.json()["id"]) == (200, answer.json()["id"])


def test_no_team_no_desk(as_manager: Any, customer: Customer) -> None:
    update_team(actor=None, team=Team.objects.get(), members=[])
    assert listed(as_manager) == set()
    assert as_manager.get(f"/api/customers/{customer.pk}/").status_code == 404


def test_it_takes_no_more_statements(as_manager: Any, as_owner: Any, customer: Customer) -> None:
    taken = []
    for client in (as_owner, as_manager):
        client.get("/api/customers/")
        with CaptureQueriesContext(connection) as captured:
            client.get("/api/customers/")
        taken.append(len(captured))
    assert taken[0] == taken[1]
