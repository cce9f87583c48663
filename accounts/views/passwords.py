"""Forgotten passwords."""

from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions.passwords import ask_for_reset, reset_password
from accounts.serializers import MAX_PASSWORD_LENGTH
from accounts.views.signing_in import TOO_MANY_AT_ONCE, CredentialsView
from core.documentation import documented
from core.fields import KnownFieldsOnly
from core.throttles import AddressThrottle

TOO_OFTEN = "Too often from your address."


class ResetThrottle(AddressThrottle):
    rate_setting = "THROTTLE_PASSWORD_RESET"


class ForgotSerializer(KnownFieldsOnly, serializers.Serializer[Any]):
    """Who forgot their password."""

    login = serializers.CharField(max_length=254, help_text="Username or email; upper and lower case are the same.")

    class Meta:
        ref_name = "ForgottenPassword"


class ResetSerializer(KnownFieldsOnly, serializers.Serializer[Any]):
    """A link that was mailed, and the new password."""

    token = serializers.CharField(max_length=100, help_text="What stands behind `#` in the link.")
    password = serializers.CharField(max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False)

    class Meta:
        ref_name = "PasswordReset"


class ForgotView(CredentialsView):
    serializer_class = ForgotSerializer
    throttle_classes = (ResetThrottle,)

    @documented(responses={204: "If there is such a login, a mail is on its way.", 429: TOO_OFTEN})
    def post(self, request: Request) -> Response:
        """Have a link mailed that lets you choose a new password.

        The answer is the same whether or not there is such a login. The link works once, for 30 minutes.
        """
        ask_for_reset(login=self.credentials(request)["login"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class ResetView(CredentialsView):
    serializer_class = ResetSerializer
    throttle_classes = (ResetThrottle,)
    hashes_passwords = ("post",)

    @documented(responses={204: "The password was changed.", 429: TOO_OFTEN, 503: TOO_MANY_AT_ONCE})
    def post(self, request: Request) -> Response:
        """Choose a new password with the token of a mailed link. All your sessions end; sign in again."""
        given = self.credentials(request)
        reset_password(token=given["token"], password=given["password"])
        return Response(status=status.HTTP_204_NO_CONTENT)
