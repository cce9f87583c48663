"""Logins."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models.availability import Availability
from core.folding import FoldedField, FoldedQuerySet, Folds, KeyField, containing, same_name

# As core/folding.py asks for them.
_LACKS_KEY = Q(folded=None) | Q(username_key=None) | Q(email_key=None)


class UserQuerySet(FoldedQuerySet["User"]):
    def present(self) -> "UserQuerySet":
        """Logins that have not been removed."""
        return self.filter(deleted_at=None)

    def staff(self) -> "UserQuerySet":
        """The salespeople and admins who have not been removed."""
        return self.present().filter(role__in=("sales", "admin"))

    def sellers(self) -> "UserQuerySet":
        """Active salespeople."""
        return self.present().filter(role="sales", is_active=True)

    def by_name(self) -> "UserQuerySet":
        """In the order of the names that everybody knows them by."""
        return self.order_by(Lower("first_name"), Lower("last_name"), "username")

    def managers_of(self, seller_id: int) -> "UserQuerySet":
        """The active salespeople who manage the team of a salesperson: they see that one's customers."""
        return self.sellers().filter(managed_teams__members=seller_id)

    def named(self, login: str) -> "UserQuerySet":
        """The logins that sign in as `login`: by username or email, in whichever case, matches by username first.

        One that lacks its key (core/folding.py) must be spelled as it is, and comes before its namesake.
        """
        username, email = _named("username", login), _named("email", login)
        first = Case(When(username=login, then=0), When(username, then=1), When(email=login, then=2), default=3)
        return self.present().filter(username | email).order_by(first)

    def search(self, text: str) -> "UserQuerySet":
        """Logins that contain every word of `text` in their username, email or names."""
        return self.filter(containing(text, "folded"))

    def taken(self, *, username: str, email: str, besides: int | None = None) -> dict[str, list[str]]:
        """Return an error for each value that another login than `besides` already has: `{field: [text]}`.

        A username may not be the email of another login either, because people sign in with both.
        """
        others = self if besides is None else self.exclude(pk=besides)
        return {
            name: [f"This {name} is already taken."]
            for name, value in (("username", username), ("email", email))
            if value and others.named(value).exists()
        }


def _named(field: str, text: str) -> Q:
    return Q(**{f"{field}_key": same_name(text)}) | Q(**{f"{field}_key": None, field: text})


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        """Used by Django's own authentication. Raises User.DoesNotExist."""
        login = username or ""
        exact = Case(When(username=login, then=0), default=1)
        user = User.objects.present().filter(_named("username", login)).order_by(exact).first()
        if user is None:
            raise User.DoesNotExist
        return user

    def create_user(self, username: str, email: str, password: str | None = None, **fields: Any) -> "User":
        user: User = self.model(username=username, email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(username, email, password, **{**fields, "role": "admin"})


class Role(models.TextChoices):
    ADMIN = "admin"
    SALES = "sales"
    CUSTOMER = "customer"


class User(Folds, AbstractBaseUser):
    """A login. What it may do depends on its role alone."""

    username = models.CharField(max_length=150, unique=True, validators=[UnicodeUsernameValidator()])
    email = models.EmailField()
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    role = models.CharField(max_length=10, choices=Role.choices)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    # The row of a removed login stays as the author of what it wrote.
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Who was to get the customers of a salesperson who left, until all of them are handed over and after that.
    successor = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="+", db_index=False
    )

    availability = models.CharField(
        max_length=6,
        choices=Availability.choices,
        default=Availability.ONLINE,
        db_default=Availability.ONLINE,
        editable=False,
    )
    # Since when; null: since ever.
    availability_since = models.DateTimeField(null=True, blank=True, editable=False)
    # Away for want of a socket, and online again with the next one.
    away_by_itself = models.BooleanField(default=False, db_default=False, editable=False)
    team = models.ForeignKey("Team", models.SET_NULL, null=True, blank=True, editable=False, related_name="members")
    # The ids of the members of all teams that this login manages. Kept by accounts/actions/teams.py, so that whoever
    # knows the login knows whose customers it sees: sockets ask for every frame.
    leads = models.JSONField(default=list, db_default=Value([], models.JSONField()), editable=False)
    folded = FoldedField("username", "email", "first_name", "last_name")
    username_key = KeyField("username")
    email_key = KeyField("email")

    objects = UserManager.from_queryset(UserQuerySet)()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["username_key"], condition=Q(username_key__isnull=False), name="user_username_once"
            ),
            models.UniqueConstraint(fields=["email_key"], condition=Q(email_key__isnull=False), name="user_email_once"),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["role", "is_active"], name="user_role_active"),
            # Those that the relay has to fold, and those whose name another one had first.
            models.Index(fields=["id"], condition=_LACKS_KEY, name="user_lacks_key"),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def name(self) -> str:
        """The full name, or the username if there is none."""
        return full_name(self.first_name, self.last_name, self.username)

    def get_full_name(self) -> str:
        return self.name

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def is_sales(self) -> bool:
        return self.role == Role.SALES

    @property
    def desk_owners(self) -> list[int]:
        """The ids of the salespeople whose customers are on the desk of this one: their own, and their teams'."""
        return [self.pk, *self.leads]

    @property
    def sees_unassigned(self) -> bool:
        """Whether customers without an owner are on the desk of this salesperson."""
        return bool(settings.SALES_SEE_UNASSIGNED)

    @property
    def sells(self) -> bool:
        """Whether this is an active salesperson, who may own customers."""
        return self.is_sales and self.is_active and self.deleted_at is None

    # Django admin asks for these.
    @property
    def is_staff(self) -> bool:
        return self.is_admin

    @property
    def is_superuser(self) -> bool:
        return self.is_admin

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and self.is_admin

    def has_perms(self, perms: Any, obj: object = None) -> bool:
        return self.is_active and self.is_admin

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_admin


def full_name(first_name: str, last_name: str, fallback: str) -> str:
    """Join the names, or return `fallback` if there are none."""
    return f"{first_name} {last_name}".strip() or fallback
