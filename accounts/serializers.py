"""Logins and tokens as JSON."""

from typing import Any, ClassVar

from django.contrib.auth.validators import UnicodeUsernameValidator
from rest_framework import serializers

from accounts.models import Role, User

# Hashing takes a text of any length; nobody types more than this.
MAX_PASSWORD_LENGTH = 1024


def user_ref(user: User | None) -> dict[str, Any] | None:
    """A login as others speak of it (`sender`, `owner`, `assigned_by`): `{id, name}`, or None for nobody."""
    return {"id": user.pk, "name": user.name} if user else None


class UserSerializer(serializers.ModelSerializer[User]):
    """A login of staff. Whether username and email are free, accounts/actions/users.py finds out as it saves."""

    # A customer's login shows its role; here it cannot be given.
    role = serializers.ChoiceField(choices=[Role.ADMIN.value, Role.SALES.value])
    is_active = serializers.BooleanField(default=True)
    password = serializers.CharField(write_only=True, max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False)

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
        )
        read_only_fields = ("date_joined", "last_login")
        # Without DRF's own look for a taken one, which knows neither upper and lower case nor the other field.
        validators: ClassVar[list[Any]] = []
        extra_kwargs = {"username": {"validators": [UnicodeUsernameValidator()]}, "email": {"validators": []}}


class MeSerializer(serializers.ModelSerializer[User]):
    customer = serializers.SerializerMethodField(help_text="The id of the customer whose login this is, or null.")

    class Meta:
        model = User
        fields = ("id", "username", "email", "first_name", "last_name", "role", "is_active", "customer")
        read_only_fields = fields

    def get_customer(self, user: User) -> int | None:
        # The other side of a one-to-one: missing, it is an AttributeError.
        customer = getattr(user, "customer", None)
        return customer and customer.pk


class LoginSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=254, help_text="Username or email, in any case.")
    password = serializers.CharField(max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False)


class RefreshSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField()


class TokensSerializer(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()


class SignedInSerializer(TokensSerializer):
    user = MeSerializer(source="session.user")


class TicketSerializer(serializers.Serializer[Any]):
    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds, for one socket.")
