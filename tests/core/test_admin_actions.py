"""Actions of lists in Django admin: they ask first, do a bounded number of rows, and report on each."""

import pytest
from django.test import Client

from accounts.models import User
from core.admin import actions
from tests.admin_pages import ask, confirm

USERS = "/admin/accounts/user/"


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def leavers(db: None) -> list[User]:
    return [User.objects.create_user(f"leaver{n}", f"leaver{n}@desk.example", role="sales") for n in range(3)]


def left() -> int:
    return User.objects.exclude(deleted_at=None).count()


def test_asks_before_it_does_anything(desk: Client, leavers: list[User]) -> None:
    page = ask(desk, USERS, "remove", leavers)

    assert "Nobody can sign in with these logins again" in page
    assert all(login.username in page for login in leavers)
    assert left() == 0


def test_reports_on_each_row(desk: Client, admin: User, leavers: list[User]) -> None:
    page = confirm(desk, USERS, "remove", [*leavers, admin])

    assert "3 removed, 1 refused" in page
    assert "This is the last active admin." in page
    assert page.index("refused</strong>") < page.index("leaver0"), "what was refused comes first"
    assert left() == 3


def test_looking_at_the_report_again_does_nothing_again(desk: Client, leavers: list[User]) -> None:
    confirm(desk, USERS, "remove", leavers[:1])
    assert "1 removed" in desk.get(f"{USERS}done/").content.decode()
    assert left() == 1
    assert desk.get("/admin/whatsapp/webhookevent/done/").status_code == 302, "the report of another list"


def test_a_form_that_is_not_filled_in_well_is_shown_again(desk: Client, leavers: list[User]) -> None:
    page = confirm(desk, USERS, "remove", leavers, hand_over_to=0)
    assert "Select a valid choice." in page
    assert left() == 0


def test_rows_that_are_gone_are_said(desk: Client, leavers: list[User]) -> None:
    page = confirm(desk, USERS, "remove", [leavers[0], 987654321])
    assert "1 removed, 1 refused" in page
    assert "somebody has removed it in the meantime" in page


@pytest.mark.parametrize("row", ["x", "", "-1", str(10**30)])
def test_what_is_no_row_is_refused(desk: Client, leavers: list[User], row: str) -> None:
    assert "no longer there" in confirm(desk, USERS, "remove", [*leavers, row])
    assert left() == 0


def test_more_than_it_does_at_once(desk: Client, leavers: list[User], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST", 2)
    page = ask(desk, f"{USERS}?q=leaver", "remove", leavers[:1], select_across="1", index="0")
    assert "More than 2 are selected." in page
    assert page.count('name="_selected_action"') == 2

    confirm(desk, f"{USERS}?q=leaver", "remove", leavers)
    assert left() == 2


def test_statements_do_not_grow_with_the_rows(
    desk: Client, leavers: list[User], django_assert_max_num_queries: object
) -> None:
    for chosen in (leavers[:1], leavers):
        with django_assert_max_num_queries(9):  # type: ignore[operator]
            ask(desk, USERS, "remove", chosen)


@pytest.mark.parametrize("who", ["owner", "customer_login"])
def test_nobody_else_comes_in(
    client: Client, who: str, request: pytest.FixtureRequest, leavers: list[User], customer_login: User
) -> None:
    client.force_login(request.getfixturevalue(who))
    body = {"action": "remove", "_selected_action": [leavers[0].pk], "confirmed": "yes"}
    assert client.post(USERS, body).status_code == 302
    assert client.get(f"{USERS}done/").status_code == 302
    assert left() == 0
