"""Signing in and out, and what the one who is signed in asks about themselves."""

from typing import Any, cast

from drf_yasg import openapi
from drf_yasg.utils import no_body
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView, RetrieveAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework_simplejwt.exceptions import InvalidToken

from accounts.actions.availability import set_availability
from accounts.actions.sessions import check_token, end_session, log_in, log_out, refresh
from accounts.actions.tickets import issue_ticket
from accounts.authentication import CHALLENGE, BearerAuthentication, user_of
from accounts.models import Session, SocketTicket, User
from accounts.permissions import IsSalesOrAdmin, OwnAccount
from accounts.second_factor import CODE, SETUP, Pending
from accounts.serializers import (
    AvailabilitySerializer,
    LoginSerializer,
    LogoutSerializer,
    MeSerializer,
    RefreshSerializer,
    SignedInOrStep,
    SignedInSerializer,
    Ticket,
    TokensOrStep,
    TokensSerializer,
    VerifySerializer,
)
from accounts.tokens import SessionOver, Tokens
from core.documentation import documented
from core.throttles import client_address

REFUSED = "Refused. `detail` says why."
TOO_MANY_FAILURES = "Too many failed sign-ins for this login from your address."
# What an answer calls the step that is missing.
_MISSING = {CODE: "mfa_required", SETUP: "mfa_setup_required"}
TOO_MANY_AT_ONCE = "Too many people are signing in. `Retry-After` says when to try again."


class CredentialsView(GenericAPIView[Any]):
    """A view that authenticates by its body. It ignores the Authorization header, which may hold an expired token."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get_authenticate_header(self, request: Request) -> str:
        # Without it DRF answers 403 instead of 401, because no authentication class names a scheme.
        return CHALLENGE

    def credentials(self, request: Request) -> dict[str, str]:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        checked: dict[str, str] = serializer.validated_data
        return checked


class LoginView(CredentialsView):
    serializer_class = LoginSerializer
    hashes_passwords = ("post",)

    @documented(responses={200: SignedInOrStep, 401: REFUSED, 429: TOO_MANY_FAILURES, 503: TOO_MANY_AT_ONCE})
    def post(self, request: Request) -> Response:
        """Sign in with a username or email address.

        Whoever has a second factor gets `mfa_required` and `mfa_token` in place of tokens. Whoever must have one and
        does not gets `mfa_setup_required` and `mfa_token`.
        """
        return self.answer(self.signed_in(request), SignedInSerializer)

    def answer(self, outcome: Tokens | Pending, shape: type[TokensSerializer]) -> Response:
        """Tokens, or the step that is missing."""
        if isinstance(outcome, Tokens):
            return Response(shape(outcome).data)
        return Response({_MISSING[outcome.step]: True, "mfa_token": outcome.mfa_token})

    def signed_in(self, request: Request) -> Tokens | Pending:
        given = self.credentials(request)
        return log_in(login=given["username"], password=given["password"], address=client_address(request))


class RefreshView(CredentialsView):
    serializer_class = RefreshSerializer

    @documented(responses={200: TokensSerializer, 401: REFUSED})
    def post(self, request: Request) -> Response:
        """Get a new pair of tokens. Each refresh token works once; using an old one again ends the session."""
        return Response(TokensSerializer(refresh(token=self.credentials(request)["refresh"])).data)


class LogoutView(CredentialsView):
    serializer_class = LogoutSerializer

    # Nobody needs to be signed in, but the token that is sent names the session.
    @documented(responses={204: "Signed out.", 401: REFUSED}, security=[{"Bearer": []}])
    def post(self, request: Request) -> Response:
        """Sign out. The access tokens of the session stop working at once, and its sockets are closed.

        It is the session of the access token that is sent, or, if the body has a refresh token, the one of that.
        """
        given = self.credentials(request)
        if "refresh" in given:
            log_out(token=given["refresh"])
        elif (signed_in := BearerAuthentication().authenticate(request)) is not None:
            end_session(session=signed_in[1], actor=signed_in[0])
        else:
            raise ValidationError({"refresh": ["This field is required, unless an access token is sent."]})
        return Response(status=status.HTTP_204_NO_CONTENT)


class TokenView(LoginView):
    @documented(responses={200: TokensOrStep, 401: REFUSED, 429: TOO_MANY_FAILURES, 503: TOO_MANY_AT_ONCE})
    def post(self, request: Request) -> Response:
        """Sign in, as clients of Simple JWT do. The session is the same as that of `/api/auth/login/`.

        With a second factor the answer is a step that is missing, as there.
        """
        return self.answer(self.signed_in(request), TokensSerializer)


class SimpleJWTView(CredentialsView):
    """A view whose refusals have the code that clients of Simple JWT look for."""

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(InvalidToken(str(exc.detail)) if isinstance(exc, SessionOver) else exc)


class TokenRefreshView(SimpleJWTView, RefreshView):
    @documented(responses={200: TokensSerializer, 401: REFUSED})
    def post(self, request: Request) -> Response:
        """Get a new pair of tokens, as clients of Simple JWT do. The old refresh token no longer works."""
        return super().post(request)


class TokenVerifyView(SimpleJWTView):
    serializer_class = VerifySerializer

    @documented(
        responses={200: openapi.Response("the token works", openapi.Schema(type=openapi.TYPE_OBJECT)), 401: REFUSED}
    )
    def post(self, request: Request) -> Response:
        """Check a token. 200 if the access or refresh token works: it is valid, and its session has not ended."""
        check_token(token=self.credentials(request)["token"])
        return Response({})


class MeView(RetrieveAPIView[User]):
    """Get your own login. `customer` is the id of your profile, if you are a customer."""

    serializer_class = MeSerializer
    permission_classes = (OwnAccount,)

    def get_permissions(self) -> Any:
        return [IsSalesOrAdmin()] if self.request.method == "PATCH" else super().get_permissions()

    def get_object(self) -> User:
        return user_of(self.request)

    @documented(request_body=AvailabilitySerializer, responses={200: MeSerializer})
    def patch(self, request: Request) -> Response:
        """Say whether you are there. Who is `away` gets no new customers; it lasts until you say otherwise."""
        body = AvailabilitySerializer(data=request.data, shown=MeSerializer(user_of(request)).data)
        body.is_valid(raise_exception=True)
        user = set_availability(user=user_of(request), availability=body.validated_data["availability"])
        return Response(MeSerializer(user).data)


class SocketTicketView(GenericAPIView[Any]):
    serializer_class = Serializer
    permission_classes = (OwnAccount,)

    @documented(request_body=no_body, responses={200: Ticket})
    def post(self, request: Request) -> Response:
        """Get a ticket that opens one socket. For clients that cannot send the access token with it."""
        ticket = issue_ticket(session=cast(Session, request.auth))
        return Response(Ticket(ticket=ticket, expires_in=int(SocketTicket.LIFETIME.total_seconds())))
