"""Logins and tokens as JSON."""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, NotRequired, TypedDict

from django.conf import settings
from django.contrib.auth.validators import UnicodeUsernameValidator
from rest_framework import serializers

from accounts.models import Availability, Role, Team, User, confirmed
from core.bodies import BodySerializer
from core.fields import KnownFieldsOnly, NameField, StrictBooleanField
from core.shapes import Ref

# Hashing would accept a text of any length; no real password is longer than this.
MAX_PASSWORD_LENGTH = 1024


class OwnerRef(Ref):
    """The salesperson of a customer."""

    is_active: Annotated[bool, "false: they have left, and nobody has taken over yet"]


def user_ref(user: User | None) -> Ref | None:
    """A login as other objects refer to it (`sender`, `owner`, `assigned_by`): `{id, name}`, or None for no login."""
    return {"id": user.pk, "name": user.name} if user else None


def owner_ref(user: User | None) -> OwnerRef | None:
    """The salesperson of a customer, `{id, name, is_active}`, or None: one who has left may not be replaced yet."""
    return {"id": user.pk, "name": user.name, "is_active": user.is_active} if user else None


class SuccessorField(serializers.PrimaryKeyRelatedField[User]):
    """The id of an active salesperson who takes over, or null."""

    default_error_messages: ClassVar = {"does_not_exist": "Choose another active salesperson."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            queryset=User.objects.sellers(),
            pk_field=serializers.IntegerField(),
            allow_null=True,
            required=False,
            help_text="who gets the customers of a salesperson who leaves: the id of another salesperson",
            **kwargs,
        )


class CurrentPasswordField(serializers.CharField):
    """What people enter when they change their own email or password."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            write_only=True,
            max_length=MAX_PASSWORD_LENGTH,
            trim_whitespace=False,
            help_text="your password as it is, when you change your own email or password",
            **kwargs,
        )


class HandOverSerializer(serializers.Serializer[Any]):
    """The query parameters of DELETE."""

    hand_over_to = SuccessorField()


class UserSerializer(KnownFieldsOnly, serializers.ModelSerializer[User]):
    """A login of a member of staff."""

    # accounts/actions/users.py checks that username and email are free.

    username = NameField(max_length=150, validators=[UnicodeUsernameValidator()])
    first_name = NameField(required=False, allow_blank=True, max_length=150)
    last_name = NameField(required=False, allow_blank=True, max_length=150)
    # Logins of customers show the role `customer`, but it cannot be set here.
    role = serializers.ChoiceField(choices=[Role.ADMIN.value, Role.SALES.value])
    is_active = StrictBooleanField(default=True)
    password = serializers.CharField(write_only=True, max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False)
    hand_over_to = SuccessorField(write_only=True)
    current_password = CurrentPasswordField()

    class Meta:
        model = User
        fields = (
            "id",
            "username",
            "email",
            "first_name",
            "last_name",
            "role",
            "is_active",
            "date_joined",
            "last_login",
            "password",
            "current_password",
            "hand_over_to",
        )
        read_only_fields = ("date_joined", "last_login")
        # Not DRF's own check for duplicates: it distinguishes upper and lower case, and does not compare the fields.
        validators: ClassVar[list[Any]] = []
        extra_kwargs: ClassVar[dict[str, Any]] = {"email": {"validators": []}}


class TeamRow(TypedDict):
    """A team: its members, and its managers, who see the customers of the members."""

    id: int
    name: str
    members: Annotated[list[Ref], "the salespeople of the team"]
    managers: Annotated[list[Ref], "who sees and hands over the customers of the members"]


def team_data(team: Team) -> TeamRow:
    """A team as JSON values, its people by name, without those who were removed."""
    return {
        "id": team.pk,
        "name": team.name,
        "members": _refs(team.members.all()),
        "managers": _refs(team.managers.all()),
    }


def _refs(users: Iterable[User]) -> list[Ref]:
    there = [user for user in users if user.deleted_at is None]
    return [
        {"id": user.pk, "name": user.name} for user in sorted(there, key=lambda user: (user.name.casefold(), user.pk))
    ]


class SalespeopleField(serializers.PrimaryKeyRelatedField[User]):
    """A member of staff, by id or as `{"id", "name"}` like in answers.

    Who cannot be in a team is refused by accounts/actions/teams.py.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=User.objects.staff(), pk_field=serializers.IntegerField(), **kwargs)

    def to_internal_value(self, data: Any) -> User:
        found: User = super().to_internal_value(data["id"] if isinstance(data, dict) and "id" in data else data)
        return found


class TeamSerializer(BodySerializer, KnownFieldsOnly):
    """A team in a body. Fields that are left out of a change stay as they are."""

    name = NameField(max_length=100)
    members = SalespeopleField(
        many=True, required=False, help_text="the ids of all members: salespeople, each in one team at most"
    )
    managers = SalespeopleField(
        many=True, required=False, help_text="the ids of all managers: salespeople, who may be members, too"
    )

    class Meta:
        ref_name = "TeamWrite"


class MeSerializer(serializers.ModelSerializer[User]):
    """The login that sends the request."""

    customer = serializers.SerializerMethodField(help_text="The id of the customer this login belongs to, or null.")
    mfa_enabled = serializers.SerializerMethodField(help_text="Whether signing in takes a code of a second factor.")
    base_currency = serializers.SerializerMethodField(
        help_text="The currency in which totals, tiers and figures count."
    )

    class Meta:
        model = User
        fields = (
            "id",
            "username",
            "email",
            "first_name",
            "last_name",
            "role",
            "is_active",
            "availability",
            "customer",
            "mfa_enabled",
            "base_currency",
        )
        read_only_fields = fields

    def get_customer(self, user: User) -> int | None:
        # Without a customer the attribute raises RelatedObjectDoesNotExist, which is an AttributeError.
        customer = getattr(user, "customer", None)
        return customer and customer.pk

    def get_mfa_enabled(self, user: User) -> bool:
        return confirmed(user) is not None

    def get_base_currency(self, user: User) -> str:
        code: str = settings.BASE_CURRENCY
        return code


class AvailabilitySerializer(BodySerializer, KnownFieldsOnly):
    """What members of staff change of their own login."""

    availability = serializers.ChoiceField(choices=Availability.choices)

    class Meta:
        ref_name = "Availability"


class LoginSerializer(serializers.Serializer[Any]):
    """Who signs in."""

    username = serializers.CharField(
        max_length=254, required=False, help_text="Username or email; upper and lower case are the same."
    )
    email = serializers.CharField(max_length=254, required=False, help_text="In place of `username`.")
    password = serializers.CharField(max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False)

    def validate(self, given: dict[str, str]) -> dict[str, str]:
        username = given.get("username", given.get("email"))
        if username is None:
            raise serializers.ValidationError({"username": [self.fields["username"].error_messages["required"]]})
        return {**given, "username": username}


class RefreshSerializer(serializers.Serializer[Any]):
    """A refresh token."""

    refresh = serializers.CharField()


class LogoutSerializer(serializers.Serializer[Any]):
    """Whose session ends, if no access token says it."""

    refresh = serializers.CharField(required=False, help_text="Not needed by whoever sends an access token.")

    class Meta:
        optional = True


class VerifySerializer(serializers.Serializer[Any]):
    """A token to check."""

    token = serializers.CharField(help_text="An access or refresh token.")


class TokensSerializer(serializers.Serializer[Any]):
    """What a session is used with."""

    access = serializers.CharField()
    refresh = serializers.CharField()


class SignedInSerializer(TokensSerializer):
    """What a session is used with, and whose it is."""

    user = MeSerializer(source="session.user")


class TokensOrStep(TypedDict):
    """What a session is used with; or, with a second factor, the step that is missing."""

    access: NotRequired[str]
    refresh: NotRequired[str]
    mfa_required: NotRequired[Annotated[bool, "true: send `mfa_token` with a code to `/api/auth/login/mfa/`"]]
    mfa_setup_required: NotRequired[
        Annotated[bool, "true: this login must have a second factor and has none; `mfa_token` opens setup and confirm"]
    ]
    mfa_token: NotRequired[Annotated[str, "opens the missing step, for 15 minutes"]]


class SignedInOrStep(TokensOrStep):
    """What a session is used with, and whose it is; or, with a second factor, the step that is missing."""

    user: NotRequired[MeSerializer]


class Ticket(TypedDict):
    """What opens one socket."""

    ticket: str
    expires_in: Annotated[int, "seconds for which the ticket opens one socket"]
