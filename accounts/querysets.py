from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager
from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Lower
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import Session, User  # noqa: F401 - bases name them in quotes

MAX_SEARCH_TERMS = 10


class UserQuerySet(models.QuerySet["User"]):
    def present(self) -> "UserQuerySet":
        """Logins that were not removed."""
        return self.filter(deleted_at=None)

    def sellers(self) -> "UserQuerySet":
        """Active salespeople."""
        return self.present().filter(role="sales", is_active=True)

    def named(self, login: str) -> "UserQuerySet":
        """Whoever signs in as `login`: a username or an email, in any case; the username first.

        The database lowers both sides, as the unique indexes do.
        """
        lowered = self.present().alias(low_username=Lower("username"), low_email=Lower("email"))
        wanted = Lower(Value(login))
        by_username = Case(When(low_username=wanted, then=0), default=1)
        return lowered.filter(Q(low_username=wanted) | Q(low_email=wanted)).order_by(by_username)

    def search(self, text: str) -> "UserQuerySet":
        """Logins in whom every word of `text` occurs: username, email or names."""
        found = self
        for term in text.split()[:MAX_SEARCH_TERMS]:
            found = found.filter(
                Q(username__icontains=term)
                | Q(email__icontains=term)
                | Q(first_name__icontains=term)
                | Q(last_name__icontains=term)
            )
        return found

    def taken(self, *, username: str, email: str, besides: int | None = None) -> dict[str, list[str]]:
        """Return an error per field that cannot be given to a login because another one (than `besides`) has it.

        One login's username may not be another's email either: both sign in with it.
        """
        others = self.exclude(pk=besides)
        return {
            name: [f"This {name} is taken."]
            for name, value in (("username", username), ("email", email))
            if value and others.named(value).exists()
        }


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, username: str | None) -> "User":
        """For Django admin's sign-in. Raises User.DoesNotExist."""
        user: User = self.present().alias(low=Lower("username")).get(low=Lower(Value(username or "")))
        return user

    def create_user(self, username: str, email: str, password: str | None = None, **fields: Any) -> "User":
        user: User = self.model(username=username, email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(username, email, password, **{**fields, "role": "admin"})


class SessionQuerySet(models.QuerySet["Session"]):
    def live(self, now: datetime | None = None) -> "SessionQuerySet":
        """Sessions that still open doors: not ended, not run out, of an active login.

        For reading: an UPDATE through it would be decided by a subquery, which races on PostgreSQL.
        """
        return self.filter(
            ended_at=None, expires_at__gt=now or timezone.now(), user__is_active=True, user__deleted_at=None
        )
