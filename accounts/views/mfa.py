"""The second factor."""

from typing import Annotated, Any, TypedDict

from drf_yasg import openapi
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions.mfa import confirm, log_in_with_code, set_up, turn_off
from accounts.authentication import BearerAuthentication, user_of
from accounts.models import User
from accounts.permissions import OwnAccount
from accounts.second_factor import SETUP, read_mfa_token
from accounts.serializers import MAX_PASSWORD_LENGTH, SignedInSerializer
from accounts.tokens import SessionOver
from accounts.views.signing_in import REFUSED, TOO_MANY_AT_ONCE, CredentialsView
from core.documentation import documented
from core.fields import KnownFieldsOnly

TOO_MANY_CODES = "Too many wrong codes."


def code_field(help_text: str = "Six digits of the app, or a recovery code.") -> serializers.CharField:
    return serializers.CharField(max_length=40, help_text=help_text)


class MfaLoginSerializer(KnownFieldsOnly, serializers.Serializer[Any]):
    """The step after the password."""

    mfa_token = serializers.CharField(help_text="From the answer to the password.")
    code = code_field()

    class Meta:
        ref_name = "MfaLogin"


class MfaSetupSerializer(KnownFieldsOnly, serializers.Serializer[Any]):
    """Who sets up a second factor, if no access token says it."""

    mfa_token = serializers.CharField(
        required=False, help_text="In place of an access token, where signing in says `mfa_setup_required`."
    )

    class Meta:
        ref_name = "MfaSetupRequest"
        optional = True


class MfaConfirmSerializer(MfaSetupSerializer):
    """The first code of a new second factor."""

    code = code_field("Six digits of the app.")

    class Meta:
        ref_name = "MfaConfirm"


class MfaOffSerializer(KnownFieldsOnly, serializers.Serializer[Any]):
    """Both factors, to turn the second one off."""

    current_password = serializers.CharField(
        max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False, help_text="The password you have."
    )
    code = code_field()

    class Meta:
        ref_name = "MfaOff"


class MfaSetup(TypedDict):
    """A new secret, for the app that shows codes."""

    secret: Annotated[str, "to type into the app"]
    otpauth_url: Annotated[str, "what the QR code says"]
    qr_svg: Annotated[str, "the QR code, as the text of an SVG picture"]


class RecoveryCodes(TypedDict):
    """Codes for when the app is lost. They are not shown again."""

    recovery_codes: Annotated[list[str], "ten codes; each works once, in place of a code of the app"]


class SetupTokenAuthentication(BaseAuthentication):
    """An `mfa_token` for setting up, in the body. It opens these calls only, and there is no session yet."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        token = request.data.get("mfa_token") if isinstance(request.data, dict) else None
        if not isinstance(token, str):
            return None
        user, step = read_mfa_token(token)
        if step != SETUP:
            raise SessionOver
        return user, None


class MfaLoginView(CredentialsView):
    serializer_class = MfaLoginSerializer

    @documented(responses={200: SignedInSerializer, 401: REFUSED, 429: TOO_MANY_CODES})
    def post(self, request: Request) -> Response:
        """Sign in with the second factor. Where the password was answered with `mfa_required`, this gives the tokens.

        A code works once. The token lasts 15 minutes.
        """
        given = self.credentials(request)
        tokens = log_in_with_code(token=given["mfa_token"], code=given["code"])
        return Response(SignedInSerializer(tokens).data)


class _Setup(GenericAPIView[Any]):
    authentication_classes = (BearerAuthentication, SetupTokenAuthentication)
    permission_classes = (OwnAccount,)

    def given(self, request: Request) -> dict[str, str]:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        checked: dict[str, str] = serializer.validated_data
        return checked


class MfaSetupView(_Setup):
    serializer_class = MfaSetupSerializer

    @documented(responses={200: MfaSetup})
    def post(self, request: Request) -> Response:
        """Begin to set up a second factor. Nothing changes before the app's first code is confirmed.

        A secret from an earlier call that was not confirmed no longer works.
        """
        self.given(request)
        secret, url, svg = set_up(user=user_of(request))
        return Response(MfaSetup(secret=secret, otpauth_url=url, qr_svg=svg))


class MfaConfirmView(_Setup):
    serializer_class = MfaConfirmSerializer

    @documented(responses={200: RecoveryCodes, 429: TOO_MANY_CODES})
    def post(self, request: Request) -> Response:
        """Turn the second factor on. From then on signing in asks for a code. Answers recovery codes: keep them safe.

        Whoever came with an `mfa_token` signs in again.
        """
        given = self.given(request)
        return Response(RecoveryCodes(recovery_codes=confirm(user=user_of(request), code=given["code"])))


class MfaView(GenericAPIView[Any]):
    serializer_class = MfaOffSerializer
    permission_classes = (OwnAccount,)
    hashes_passwords = ("delete",)

    @documented(
        request_body=MfaOffSerializer,
        responses={204: openapi.Response("It is off."), 429: TOO_MANY_CODES, 503: TOO_MANY_AT_ONCE},
    )
    def delete(self, request: Request) -> Response:
        """Turn the second factor off. Takes your password and a code."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        turn_off(user=user_of(request), **serializer.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)
