"""The bodies and answers of what customers do with their accounts: register, password, phone codes."""

from typing import Annotated, Any, TypedDict

from django.contrib.auth.validators import UnicodeUsernameValidator
from rest_framework import serializers

from accounts.serializers import MAX_PASSWORD_LENGTH
from core.fields import NameField
from customers.serializers.profiles import OwnProfileSerializer

_PASSWORDS_DIFFER = "The two passwords do not match."


class RegisterSerializer(OwnProfileSerializer):
    """The body of POST register/. The action checks whether username, email and phone are free."""

    username = NameField(max_length=150, validators=[UnicodeUsernameValidator()])
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False)
    password2 = serializers.CharField(max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False)
    avatar = None  # type: ignore[assignment]

    class Meta:
        ref_name = "Register"

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["password"] != attrs.pop("password2"):
            raise serializers.ValidationError({"password2": [_PASSWORDS_DIFFER]})
        return attrs


class ChangePasswordSerializer(serializers.Serializer[Any]):
    """The old password and the new one, twice."""

    old_password = serializers.CharField(max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False)
    new_password = serializers.CharField(max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False)
    new_password2 = serializers.CharField(max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False)

    class Meta:
        ref_name = "ChangePassword"

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["new_password"] != attrs["new_password2"]:
            raise serializers.ValidationError({"new_password2": [_PASSWORDS_DIFFER]})
        return attrs


class PhoneCodeSerializer(serializers.Serializer[Any]):
    """The code that a phone received."""

    code = serializers.RegexField(r"^\d{6}\Z", help_text="the six digits you received")

    class Meta:
        ref_name = "PhoneCode"


class CodeSent(TypedDict):
    """A code is on its way to a phone."""

    message: str
    expires_in: Annotated[int, "seconds"]


class Confirmation(TypedDict):
    """What was done."""

    message: str
