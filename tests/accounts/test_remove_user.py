from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer
from tests.accounts.parallel import all_in_parallel
from tests.cast import PASSWORD, ClientOf

URL = "/api/users/"


def test_it_works(as_admin: APIClient, anonymous: APIClient, owner: User) -> None:
    assert as_admin.delete(f"{URL}{owner.pk}/").status_code == 204

    assert as_admin.get(f"{URL}{owner.pk}/").status_code == 404
    assert as_admin.delete(f"{URL}{owner.pk}/").status_code == 404
    assert as_admin.patch(f"{URL}{owner.pk}/", {"is_active": True}).status_code == 404
    assert "Sam" not in str(as_admin.get(URL).json())
    body = {"username": "sam", "password": PASSWORD}
    assert anonymous.post("/api/auth/login/", body).status_code == 401
    owner.refresh_from_db()
    assert owner.name == "Sam"
    assert (owner.is_active, owner.has_usable_password()) == (False, False)


def test_without_a_name_the_username_becomes_the_name(as_admin: APIClient, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(first_name="")
    as_admin.delete(f"{URL}{owner.pk}/")
    owner.refresh_from_db()
    assert owner.name == "sam"


def test_username_and_email_are_free_again(as_admin: APIClient, owner: User) -> None:
    as_admin.delete(f"{URL}{owner.pk}/")
    body = {"username": "sam", "email": "sam@desk.example", "password": "mango-river-88", "role": "sales"}

    answer = as_admin.post(URL, body)

    assert answer.status_code == 201
    assert answer.json()["id"] != owner.pk


def test_their_customers_have_no_owner(as_admin: APIClient, owner: User, customer: Customer) -> None:
    as_admin.delete(f"{URL}{owner.pk}/")
    customer.refresh_from_db()
    assert customer.owner is None


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "sales"}, {"is_active": False, "role": "sales"}])
def test_the_last_active_admin_stays_an_active_admin(as_admin: APIClient, admin: User, change: dict[str, Any]) -> None:
    User.objects.create_user("asleep", "asleep@desk.example", PASSWORD, role="admin", is_active=False)

    answer = as_admin.patch(f"{URL}{admin.pk}/", change)

    assert answer.status_code == 400
    assert "last active admin" in str(answer.json())
    admin.refresh_from_db()
    assert (admin.role, admin.is_active) == ("admin", True)
    assert as_admin.get("/api/auth/me/").status_code == 200


def test_the_last_active_admin_is_not_removed(as_admin: APIClient, admin: User) -> None:
    answer = as_admin.delete(f"{URL}{admin.pk}/")

    assert answer.status_code == 400
    assert "last active admin" in answer.json()["detail"]
    admin.refresh_from_db()
    assert admin.deleted_at is None


def test_one_of_two_admins_may_go(as_admin: APIClient, admin: User) -> None:
    second = User.objects.create_user("eve", "eve@desk.example", PASSWORD, role="admin")
    assert as_admin.delete(f"{URL}{admin.pk}/").status_code == 204
    second.refresh_from_db()
    assert second.is_active


def test_an_inactive_admin_may_always_go(as_admin: APIClient) -> None:
    asleep = User.objects.create_user("asleep", "asleep@desk.example", PASSWORD, role="admin", is_active=False)
    assert as_admin.patch(f"{URL}{asleep.pk}/", {"role": "sales"}).status_code == 200
    assert as_admin.delete(f"{URL}{asleep.pk}/").status_code == 204


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["delete", "deactivate", "demote", "mixed"])
def test_two_admins_who_remove_each_other_leave_one(admin: User, client_of: ClientOf, how: str) -> None:
    acts = {
        "delete": lambda client, user: client.delete(f"{URL}{user.pk}/"),
        "deactivate": lambda client, user: client.patch(f"{URL}{user.pk}/", {"is_active": False}),
        "demote": lambda client, user: client.patch(f"{URL}{user.pk}/", {"role": "sales"}),
    }
    first, second = (acts["delete"], acts["demote"]) if how == "mixed" else (acts[how], acts[how])
    for round_ in range(4):
        # Each removes the other, and there is no third: only the lock can keep one of them.
        User.objects.filter(role="admin").exclude(pk=admin.pk).delete()
        other = User.objects.create_user(f"eve{round_}", f"eve{round_}@desk.example", PASSWORD, role="admin")
        one, two = client_of(admin), client_of(other)

        answers = all_in_parallel([lambda: first(one, other), lambda: second(two, admin)])  # noqa: B023

        # The slower one is refused because it would remove the last admin, or because it is no longer signed in.
        assert sum(answer.status_code < 300 for answer in answers) == 1
        assert all(answer.status_code in (200, 204, 400, 401, 403) for answer in answers)
        assert User.objects.present().filter(role="admin", is_active=True).count() == 1
        User.objects.filter(pk=admin.pk).update(
            username="ada", email="ada@desk.example", role="admin", is_active=True, deleted_at=None
        )
        admin.refresh_from_db()
