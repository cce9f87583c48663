from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.actions.sessions import sign_in
from accounts.models import User
from tests.accounts.parallel import in_parallel
from tests.cast import PASSWORD

URL = "/api/users/"
NEW = {"username": "nina", "email": "nina@desk.example", "password": "mango-river-88", "role": "sales"}


def one(user: User) -> str:
    return f"{URL}{user.pk}/"


def test_list_is_paged(as_admin: APIClient, admin: User, owner: User, stranger: User) -> None:
    page = as_admin.get(URL, {"page_size": 2}).json()

    assert (page["count"], len(page["results"])) == (3, 2)
    assert set(page["results"][0]) == {
        "id",
        "username",
        "email",
        "first_name",
        "last_name",
        "role",
        "is_active",
        "date_joined",
        "last_login",
    }
    assert as_admin.get(page["next"]).json()["results"][0]["username"] == "stella"


def test_filters(as_admin: APIClient, owner: User, stranger: User, customer_login: User) -> None:
    User.objects.filter(pk=stranger.pk).update(is_active=False)

    def names(**query: str) -> list[str]:
        return [row["username"] for row in as_admin.get(URL, query).json()["results"]]

    assert names() == ["ada", "sam", "johndoe", "stella"] or set(names()) == {"ada", "sam", "stella", "johndoe"}
    assert set(names(role="sales")) == {"sam", "stella"}
    assert names(role="customer") == ["johndoe"]
    assert names(is_active="false") == ["stella"]
    assert names(search="STELLA@desk") == ["stella"]
    assert names(search="sam desk") == ["sam"]
    assert names(search="%") == []


@pytest.mark.parametrize("query", [{"role": "king"}, {"is_active": "maybe"}, {"search": "x" * 501}])
def test_unknown_values_are_refused(as_admin: APIClient, query: dict[str, str]) -> None:
    answer = as_admin.get(URL, query)

    assert (answer.status_code, list(answer.json())) == (400, list(query))


def test_create(as_admin: APIClient, anonymous: APIClient) -> None:
    answer = as_admin.post(URL, NEW | {"first_name": "Nina"})

    assert answer.status_code == 201
    assert "password" not in answer.json()
    assert answer.json()["is_active"] is True
    user = User.objects.get(username="nina")
    assert (user.role, user.first_name, user.is_staff) == ("sales", "Nina", False)
    body = {"username": "nina", "password": NEW["password"]}
    assert anonymous.post("/api/auth/login/", body).status_code == 200


def test_create_from_a_form_is_active(as_admin: APIClient) -> None:
    assert as_admin.post(URL, NEW, format="multipart").json()["is_active"] is True


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "with space"}, "username"),
        ({"username": "n" * 151}, "username"),
        ({"username": "SAM"}, "username"),
        ({"username": "sam@desk.example"}, "username"),
        ({"email": "SAM@desk.EXAMPLE"}, "email"),
        ({"email": "no email"}, "email"),
        ({"email": None}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "password123"}, "password"),
        ({"password": "nina@desk.example"}, "password"),
        ({"password": ""}, "password"),
        ({"role": "customer"}, "role"),
        ({"role": "king"}, "role"),
        ({"role": ["admin"]}, "role"),
        ({"is_active": "perhaps"}, "is_active"),
        ({"first_name": {"a": 1}}, "first_name"),
    ],
)
def test_create_refuses(as_admin: APIClient, owner: User, changes: dict[str, Any], field: str) -> None:
    before = User.objects.count()

    answer = as_admin.post(URL, NEW | changes)

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert User.objects.count() == before


@pytest.mark.parametrize("field", ["username", "email", "password", "role"])
def test_create_needs(as_admin: APIClient, field: str) -> None:
    body = {name: value for name, value in NEW.items() if name != field}
    assert list(as_admin.post(URL, body).json()) == [field]


def test_ids_and_dates_are_not_written(as_admin: APIClient, owner: User) -> None:
    assert as_admin.put(one(owner), {"id": 999, "date_joined": "2001-01-01T00:00:00Z"}).status_code == 200
    refused = as_admin.put(one(owner), {"is_superuser": True, "deleted_at": "2001-01-01", "first_name": "Samuel"})
    assert (refused.status_code, refused.json().keys()) == (400, {"is_superuser", "deleted_at"})
    owner.refresh_from_db()
    assert owner.date_joined.year > 2001
    assert owner.deleted_at is None
    assert not owner.is_superuser
    assert owner.first_name == "Sam"


@pytest.mark.parametrize("method", ["put", "patch"])
def test_change_keeps_the_fields_that_are_not_given(as_admin: APIClient, owner: User, method: str) -> None:
    answer = getattr(as_admin, method)(one(owner), {"last_name": "Silva"})

    assert answer.status_code == 200
    assert answer.json()["last_name"] == "Silva"
    owner.refresh_from_db()
    assert (owner.first_name, owner.last_name, owner.username) == ("Sam", "Silva", "sam")


def test_change_refuses_what_another_has(as_admin: APIClient, owner: User, stranger: User) -> None:
    for body in ({"username": "Stella"}, {"email": "stella@DESK.example"}, {"username": "stella@desk.example"}):
        answer = as_admin.patch(one(owner), body | {"first_name": "X"})
        assert answer.status_code == 400
        assert list(answer.json()) == list(body)
    owner.refresh_from_db()
    assert (owner.username, owner.email, owner.first_name) == ("sam", "sam@desk.example", "Sam")


def test_its_own_name_in_another_case_is_fine(as_admin: APIClient, owner: User) -> None:
    assert as_admin.patch(one(owner), {"username": "Sam", "email": "SAM@desk.example"}).status_code == 200


def test_a_customers_login_is_changed_on_the_customer(as_admin: APIClient, customer_login: User) -> None:
    for body in ({"first_name": "X"}, {"role": "sales"}, {"is_active": False}, {"email": "x@example.com"}):
        answer = as_admin.patch(one(customer_login), body)
        assert (answer.status_code, list(answer.json())) == (400, list(body))
    assert as_admin.patch(one(customer_login), {"password": "mango-river-88"}).status_code == 200
    before = (customer_login.first_name, customer_login.role, customer_login.is_active, customer_login.email)
    customer_login.refresh_from_db()
    assert before == (customer_login.first_name, customer_login.role, customer_login.is_active, customer_login.email)


def test_only_admins(
    as_owner: APIClient, as_customer: APIClient, anonymous: APIClient, owner: User, stranger: User
) -> None:
    before = list(User.objects.order_by("pk").values())
    for client, status in ((as_owner, 403), (as_customer, 403), (anonymous, 401)):
        assert client.get(URL).status_code == status
        assert client.post(URL, NEW).status_code == status
        for user in (owner, stranger):
            for method in (client.get, client.put, client.patch, client.delete):
                assert method(one(user), {"role": "admin"}).status_code == status
    assert list(User.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("pk", ["0", "999999", "9" * 30, "abc", "1.5", "-1"])
def test_missing_is_404(as_admin: APIClient, pk: str) -> None:
    for method in (as_admin.get, as_admin.put, as_admin.delete):
        assert method(f"{URL}{pk}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_parallel_creates_of_one_name_give_one_login(admin: User) -> None:
    token = sign_in(user=admin).access

    answers = in_parallel(8, lambda: APIClient().post(URL, NEW, HTTP_AUTHORIZATION=f"Bearer {token}"))

    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 7
    # Another request may commit between the checks of the username and of the email.
    for answer in answers:
        assert answer.status_code == 201 or set(answer.json()) <= {"username", "email"}
    assert User.objects.filter(username="nina").count() == 1


def test_the_password_is_checked_against_the_new_names(as_admin: APIClient, owner: User) -> None:
    answer = as_admin.patch(one(owner), {"username": "greatbigname", "password": "greatbigname1"})
    assert list(answer.json()) == ["password"]
    owner.refresh_from_db()
    assert owner.username == "sam"
    assert owner.check_password(PASSWORD)
