"""`/api/teams/`, and whom the managers of a team lead."""

from typing import Any

import pytest

from accounts.actions.users import remove_user, update_user
from accounts.models import AuditEntry, Team, User

pytestmark = pytest.mark.django_db


def ref(user: User) -> dict[str, Any]:
    return {"id": user.pk, "name": user.name}


def leads(user: User) -> list[int]:
    return list(User.objects.get(pk=user.pk).leads)


@pytest.fixture
def north(as_admin: Any, owner: User, stranger: User) -> Any:
    body = {"name": "North", "members": [owner.pk], "managers": [stranger.pk]}
    answer = as_admin.post("/api/teams/", body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_team_names_its_people(as_admin: Any, north: Any, owner: User, stranger: User) -> None:
    assert north == {"id": north["id"], "name": "North", "members": [ref(owner)], "managers": [ref(stranger)]}
    assert as_admin.get(f"/api/teams/{north['id']}/").json() == north
    assert as_admin.get("/api/teams/").json()["results"] == [north]
    assert (leads(stranger), leads(owner)) == ([owner.pk], [])
    assert list(User.objects.managers_of(owner.pk)) == [stranger]
    assert AuditEntry.objects.get(verb="team_created").changes["members"] == {"old": [], "new": [owner.pk]}


def test_only_what_is_given_changes(as_admin: Any, north: Any, owner: User, stranger: User) -> None:
    url = f"/api/teams/{north['id']}/"
    assert as_admin.patch(url, {"name": "Up north"}).json() == {**north, "name": "Up north"}
    assert as_admin.put(url, {"members": []}).json() == {**north, "name": "Up north", "members": []}
    assert leads(stranger) == []
    assert as_admin.put(url, {"members": [owner.pk, stranger.pk]}).status_code == 200
    assert leads(stranger) == [owner.pk], "themselves they need not lead"


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_team_can_be_sent_back_as_it_came(as_admin: Any, north: Any, stranger: User, method: str) -> None:
    url = f"/api/teams/{north['id']}/"

    answer = getattr(as_admin, method)(url, north)
    assert (answer.status_code, answer.json()) == (200, north)

    for field, value in (("id", north["id"] + 1), ("nam", "x"), ("members", [{"name": "Sam"}])):
        refused = getattr(as_admin, method)(url, {**north, "name": "South", field: value})
        assert (refused.status_code, list(refused.json())) == (400, [field])
    assert as_admin.get(url).json() == north


def test_who_cannot_be_in_a_team(as_admin: Any, north: Any, admin: User, owner: User, stranger: User) -> None:
    other = User.objects.create_user("off", "off@desk.example", role="sales", is_active=False)
    for body, field in (
        ({"members": [admin.pk]}, "members"),
        ({"managers": [admin.pk]}, "managers"),
        ({"members": [other.pk]}, "members"),
        ({"members": [987654]}, "members"),
        ({"name": "NORTH"}, "name"),
        ({"name": ""}, "name"),
        ({"leaders": []}, "leaders"),
    ):
        answer = as_admin.post("/api/teams/", {"name": "South", **body})
        assert (answer.status_code, list(answer.json())) == (400, [field]), answer.content
    taken = as_admin.post("/api/teams/", {"name": "South", "members": [owner.pk], "managers": [owner.pk]})
    assert (taken.status_code, taken.json()) == (
        400,
        {"members": ["Sam is in the team North. Take them out of it first."]},
    )
    assert Team.objects.count() == 1
    assert (leads(owner), leads(stranger)) == ([], [owner.pk])


def test_a_deleted_team_leads_nobody(as_admin: Any, north: Any, owner: User, stranger: User) -> None:
    assert as_admin.delete(f"/api/teams/{north['id']}/").status_code == 204
    owner.refresh_from_db()
    assert (owner.team, leads(stranger)) == (None, [])
    assert AuditEntry.objects.filter(verb="team_deleted").exists()


def test_who_stops_selling_for_good_leaves_the_teams(north: Any, admin: User, owner: User, stranger: User) -> None:
    update_user(actor=admin, user=owner, is_active=False)
    assert leads(stranger) == [owner.pk], "whoever comes back is still in the team"
    update_user(actor=admin, user=owner, is_active=True)

    update_user(actor=admin, user=owner, role="admin")
    owner.refresh_from_db()
    assert (owner.team, leads(stranger)) == (None, [])


def test_a_manager_who_is_removed_manages_nothing(north: Any, admin: User, owner: User, stranger: User) -> None:
    remove_user(actor=admin, user=stranger)

    assert Team.objects.get().managers.count() == 0
    assert leads(stranger) == []


def test_two_teams_of_one_manager(as_admin: Any, north: Any, owner: User, stranger: User) -> None:
    nina = User.objects.create_user("nina", "nina@desk.example", role="sales")
    as_admin.post("/api/teams/", {"name": "South", "members": [nina.pk], "managers": [stranger.pk]})
    assert leads(stranger) == sorted([owner.pk, nina.pk])
    as_admin.patch(f"/api/teams/{north['id']}/", {"managers": []})
    assert leads(stranger) == [nina.pk]


def test_in_django_admin(client: Any, admin: User, owner: User, stranger: User) -> None:
    client.force_login(admin)
    page = client.post("/admin/accounts/team/add/", {"name": "North", "members": [owner.pk], "managers": [stranger.pk]})
    assert page.status_code == 302, page.content
    team = Team.objects.get()
    assert leads(stranger) == [owner.pk]
    page = client.post(f"/admin/accounts/team/{team.pk}/change/", {"name": "North", "members": [], "managers": []})
    assert page.status_code == 302
    assert (leads(stranger), team.members.count()) == ([], 0)
    assert b"North" in client.get("/admin/accounts/team/").content
