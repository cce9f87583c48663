"""Names that differ only in case are one, on both databases alike: logins, teams, groups and tags, and signing in."""

import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any
from unicodedata import combining, normalize

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import AuditEntry, Team, User
from core.unfolded import Unfolded, clashes
from customers.models import CustomerGroup
from tags.models import Tag
from tests.accounts.parallel import all_in_parallel
from tests.cast import PASSWORD, ClientOf

LOGIN = "/api/auth/login/"
# Each with one that is the same name, and one that is another.
NAMES = [
    ("Éva", "éva", "eva"),
    ("Éva", normalize("NFD", "ÉVA"), "èva"),
    ("Straße", "STRASSE", "Strasze"),
    ("Σίσυφος", "ΣΊΣΥΦΟΣ", "Σισυφος"),
    ("Ёлкин", "ёлкин", "Елкин"),
    ("İbo", "i\N{COMBINING DOT ABOVE}BO", "ibo"),
    ("Nguyễn", "NGUYỄN", "Nguyen"),
    ("Đức", "đỨC", "Dức"),
    ("Հայկ", "ՀԱՅԿ", "Հայք"),
    ("ninó", "NINÓ", "nino"),
]


def body(username: str, **fields: str) -> dict[str, str]:
    names = {"first_name": "Eva", "last_name": "Roe", "password": PASSWORD, "password2": PASSWORD}
    return {"username": username, "email": f"{abs(hash(username))}@example.com", **names, **fields}


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "same", "other"), NAMES)
def test_logins(as_admin: APIClient, anonymous: APIClient, name: str, same: str, other: str) -> None:
    fields = {"role": "sales", "password": PASSWORD}
    made = as_admin.post("/api/users/", {"username": name, "email": "one@desk.example", **fields})
    assert made.status_code == 201, made.json()

    for email in ("two@desk.example", "ONE@DESK.example"):
        refused = as_admin.post("/api/users/", {"username": same, "email": email, **fields})
        assert refused.status_code == 400
        # Usernames may not have letters that are taken apart.
        whole = not any(map(combining, same))
        reason = "This username is already taken." if whole else "Enter a valid username. "
        assert refused.json()["username"][0].startswith(reason)
        assert ("email" in refused.json()) is (whole and email != "two@desk.example")
    assert anonymous.post("/api/customers/register/", body(same)).json()["username"]
    assert User.objects.filter(email__icontains="desk.example", username__in=[name, same]).count() == 1
    created = as_admin.post("/api/users/", {"username": other, "email": "three@desk.example", **fields})
    assert created.status_code == 201, created.json()

    for typed in (name, same, normalize("NFD", name), "ONE@desk.example"):
        signed_in = anonymous.post(LOGIN, {"username": typed, "password": PASSWORD})
        assert signed_in.json()["user"]["id"] == made.json()["id"], typed
    assert anonymous.post(LOGIN, {"username": other, "password": PASSWORD}).json()["user"]["id"] == created.json()["id"]


@pytest.mark.django_db
def test_renaming_a_login(as_admin: APIClient, owner: User, stranger: User) -> None:
    User.objects.filter(pk=owner.pk).update(username="Éva", email="eva@bücher.example")

    for change in ({"username": "éVA"}, {"email": "EVA@BÜCHER.example"}, {"username": "Eva@Bücher.example"}):
        assert as_admin.patch(f"/api/users/{stranger.pk}/", change).status_code == 400
    assert as_admin.patch(f"/api/users/{owner.pk}/", {"username": "ÉVA"}).json()["username"] == "ÉVA"
    stranger.refresh_from_db()
    assert stranger.username_key == stranger.username


@pytest.mark.django_db
def test_the_other_ways_in(admin: User, client: Client, anonymous: APIClient) -> None:
    User.objects.filter(pk=admin.pk).update(username="Ёлкин")

    entered = client.post("/admin/login/?next=/admin/", {"username": "ЁЛКИН", "password": PASSWORD})
    assert (entered.status_code, entered["Location"]) == (302, "/admin/")
    assert User.objects.get_by_natural_key("ёлкин") == admin
    with pytest.raises(User.DoesNotExist):
        User.objects.get_by_natural_key("елкин")
    with pytest.raises(CommandError, match="taken"):
        call_command("createsuperuser", "--noinput", username="ёЛКИН", email="x@example.com")
    with pytest.raises(CommandError, match="Ёлкин has no second factor"):
        call_command("disable_mfa", "ёлкиН")
    assert anonymous.post("/api/auth/password/forgot/", {"login": "ёЛКИН"}).status_code == 204
    assert AuditEntry.objects.filter(verb="password_reset_asked", object_id=str(admin.pk)).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "same", "other"), NAMES)
def test_groups_teams_and_tags(as_admin: APIClient, name: str, same: str, other: str) -> None:
    for path, model in (
        ("/api/customers/groups/", CustomerGroup),
        ("/api/teams/", Team),
        ("/api/v1/msg/tags/", Tag),
    ):
        assert as_admin.post(path, {"name": name}).status_code == 201, path
        refused = as_admin.post(path, {"name": same})
        assert refused.status_code == 400, path
        assert "already exists" in str(refused.json())
        assert as_admin.post(path, {"name": other}).status_code == 201, path
        stored: Any = model.objects.filter(name__in=[name, same, other])
        assert stored.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("model", [User, CustomerGroup, Team])
def test_the_database_keeps_it(model: Any) -> None:
    def make(name: str) -> Any:
        fields = {"username": name, "email": f"{secrets.token_hex(4)}@x.example"} if model is User else {"name": name}
        return model.objects.create(**fields)

    make("Éva")
    with pytest.raises(IntegrityError), transaction.atomic():
        make("e\N{COMBINING ACUTE ACCENT}va")
    eva = make("Eva")
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.filter(pk=eva.pk).update(**{"username" if model is User else "name": "ÉVA"})


RACES: list[tuple[str, Callable[[str], dict[str, Any]]]] = [
    ("/api/customers/groups/", lambda name: {"name": name}),
    ("/api/teams/", lambda name: {"name": name}),
    ("/api/v1/msg/tags/", lambda name: {"name": name}),
    ("/api/customers/register/", lambda name: body(name)),
    ("/api/customers/register/", lambda name: body(f"x{abs(hash(name))}", email=f"{name}@example.com")),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("path", "given"), RACES)
def test_at_once(admin: User, client_of: ClientOf, path: str, given: Any) -> None:
    spellings = ["eva", "EVA", "eVa", "Eva"] if "@" in str(given("eva").get("email", ""))[:4] else ["Éva", "éva", "ÉVA"]
    calls = [lambda name=name: client_of(admin).post(path, given(name)).status_code for name in spellings]

    assert Counter(all_in_parallel(calls)) == {201: 1, 400: len(spellings) - 1}


@pytest.fixture
def namesakes(db: None) -> tuple[User, User]:
    """Two logins from a database that took them for different ones."""
    made = []
    for name in ("Éva", "éva"):
        user = User(username=name, email=f"{len(made)}@desk.example", role="sales")
        user.set_password(PASSWORD)
        made.append(user)
    made[0].save()
    columns = [field for field in User._meta.concrete_fields if field.name not in ("id", "folded")]
    columns = [field for field in columns if not field.name.endswith("_key")]
    with connection.cursor() as cursor:
        names = ", ".join(f'"{field.column}"' for field in columns)
        values = [field.get_db_prep_save(getattr(made[1], field.attname), connection) for field in columns]
        places = ", ".join(["%s"] * len(columns))
        cursor.execute(f"INSERT INTO accounts_user ({names}) VALUES ({places})", values)  # as the version before does
    return made[0], User.objects.get(username="éva")


def test_two_of_one_name_stay_and_both_sign_in(
    namesakes: tuple[User, User], as_admin: APIClient, anonymous: APIClient
) -> None:
    older, newer = namesakes

    def signs_in(name: str) -> int:
        answer = anonymous.post(LOGIN, {"username": name, "password": PASSWORD})
        pk: int = answer.json()["user"]["id"]
        return pk

    assert newer.folded is None
    (job,) = Unfolded().claim(1)
    Unfolded().run(job)
    newer.refresh_from_db()
    assert (newer.folded, newer.username_key, newer.email_key) == ("eva 1@desk.example", None, "1@desk.example")
    assert clashes() == [f"user {newer.pk} (éva): another one had this username first"]
    assert (signs_in("Éva"), signs_in("éva"), signs_in("ÉVA")) == (older.pk, newer.pk, older.pk)
    assert as_admin.post("/api/users/", {"username": "ÉvA", "email": "2@desk.example"}).status_code == 400

    # It can be changed in other ways, and gets its key with a new name, or when the other one is renamed.
    assert as_admin.patch(f"/api/users/{newer.pk}/", {"last_name": "Roe"}).status_code == 200
    assert as_admin.patch(f"/api/users/{newer.pk}/", {"username": "ÉVA"}).status_code == 400
    assert as_admin.patch(f"/api/users/{older.pk}/", {"username": "Eva"}).status_code == 200
    Unfolded().run([User])
    assert clashes() == []
    assert (signs_in("ÉVA"), signs_in("EVA")) == (newer.pk, older.pk)
