"""What the cast in tests/conftest.py shares: one password, and a way to sign in."""

from collections.abc import Callable

from rest_framework.test import APIClient

from accounts.models import User

PASSWORD = "correct-horse-battery-9"

# A REST client signed in as the given user.
ClientOf = Callable[[User], APIClient]
