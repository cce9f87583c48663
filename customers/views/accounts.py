"""What users do with their own account, below `/api/customers/customers/`: password and phone."""

from typing import cast

from drf_yasg.utils import no_body
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions.users import change_password
from accounts.authentication import user_of
from accounts.models import Session
from accounts.permissions import OwnAccount
from core.documentation import documented
from customers.actions.phones import send_phone_code, verify_phone
from customers.models import PhoneCode
from customers.serializers.accounts import (
    ChangePasswordSerializer,
    CodeSent,
    Confirmation,
    PhoneCodeSerializer,
)
from customers.serializers.profiles import ProfileRow
from customers.views.purchases import PurchasesViewSet

NO_CUSTOMER = "Your login has no customer."


class AccountViewSet(PurchasesViewSet):
    """The signed-in user's own account."""

    rights = {
        **PurchasesViewSet.rights,
        "change_password": OwnAccount,
        "send_phone_code": OwnAccount,
        "verify_phone": OwnAccount,
    }

    hashes_passwords: tuple[str, ...] = ("change_password",)

    @documented(request_body=ChangePasswordSerializer, responses={200: Confirmation, 429: "too many wrong passwords"})
    @action(detail=False, methods=["post"])
    def change_password(self, request: Request) -> Response:
        """Change your password, which ends all your other sessions. Works for every login."""
        given = self.checked(ChangePasswordSerializer)
        change_password(
            user=user_of(request),
            old=given["old_password"],
            new=given["new_password"],
            keep=cast(Session, request.auth),
        )
        return Response(Confirmation(message="Your password was changed. You were signed out everywhere else."))

    @documented(
        request_body=no_body,
        responses={200: CodeSent, 404: NO_CUSTOMER, 429: "too many codes were sent", 503: "codes cannot be sent here"},
    )
    @action(detail=False, methods=["post"])
    def send_phone_code(self, request: Request) -> Response:
        """Send a code to the phone in your profile, by WhatsApp. It is valid for ten minutes and five tries.

        The answer does not wait for WhatsApp, and is the same whether or not the phone can be reached. If no code
        comes, ask for another one.
        """
        send_phone_code(customer=self.own())
        seconds = int(PhoneCode.LIFETIME.total_seconds())
        return Response(CodeSent(message="A code was sent to your phone.", expires_in=seconds))

    @documented(
        request_body=PhoneCodeSerializer,
        responses={200: ProfileRow, 404: NO_CUSTOMER, 429: "too many wrong codes from your address"},
    )
    @action(detail=False, methods=["post"])
    def verify_phone(self, request: Request) -> Response:
        """Verify your phone with the code. A chat that you had with us from this phone becomes part of your profile."""
        customer = self.own()
        proved = verify_phone(customer_id=customer.pk, actor=user_of(request), **self.checked(PhoneCodeSerializer))
        return self.shown(proved.pk)
