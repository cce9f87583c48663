"""Demo data: what `make run` shows on the first day."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer
from messaging.models import Conversation, Message


def seed(*arguments: str) -> str:
    out = StringIO()
    call_command("seed_demo", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def debug(settings: Any) -> None:
    settings.DEBUG = True


@pytest.mark.django_db
@pytest.mark.usefixtures("debug")
class TestSeedDemo:
    def test_it_works(self) -> None:
        said = seed("--show")

        assert "/api/docs/" in said
        assert "/admin/" in said
        assert sorted(User.objects.values_list("username", "role")) == [
            ("admin", "admin"),
            ("nadia", "sales"),
            ("sam", "sales"),
        ]
        assert set(Customer.objects.values_list("source", flat=True)) == {
            "whatsapp",
            "instagram",
            "telegram",
            "website",
            "manual",
        }
        assert Customer.objects.filter(owner=None).count() == 2
        nimal = Conversation.objects.get(customer__phone="+447700900101")
        assert (nimal.unread_count, nimal.last_message and nimal.last_message.status) == (0, "queued")
        assert Conversation.objects.get(customer__phone="+447700900102").unread_count == 1

    def test_the_printed_passwords_open(self, anonymous: APIClient) -> None:
        table = [line.split()[2:4] for line in seed().splitlines() if "sign in" in line]

        assert [username for username, _ in table] == ["admin", "sam", "nadia"]
        for username, password in table:
            response = anonymous.post("/api/auth/login/", {"username": username, "password": password})
            assert response.status_code == 200

    def test_again_it_changes_nothing_and_says_how_to_sign_in(self) -> None:
        first = seed("--show")
        before = (User.objects.count(), Customer.objects.count(), Message.objects.count())

        assert seed("--show") == first
        assert (User.objects.count(), Customer.objects.count(), Message.objects.count()) == before

    def test_it_leaves_a_database_with_users_alone(self, owner: User) -> None:
        said = seed("--show")

        assert "sign in" not in said
        assert User.objects.get() == owner
        assert not Customer.objects.exists()

    def test_it_writes_to_nobody_through_a_real_number(self, settings: Any) -> None:
        settings.WHATSAPP_SANDBOX = False

        assert "createsuperuser" in seed()
        assert not Customer.objects.exists()
        assert not User.objects.exists()


@pytest.mark.django_db
def test_it_refuses_outside_of_development(settings: Any) -> None:
    settings.DEBUG = False

    with pytest.raises(CommandError, match="public"):
        seed()
    assert not User.objects.exists()

    seed("--force")
    assert User.objects.count() == 3
