"""What customers do with their own account below `/api/customers/customers/`: password and phone."""

from typing import cast

from drf_yasg.utils import no_body
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions.users import change_password
from accounts.authentication import user_of
from accounts.models import Session
from core.documentation import documented
from customers.actions.phones import send_phone_code, verify_phone
from customers.models import PhoneCode
from customers.serializers.profiles import (
    ChangePasswordSerializer,
    CodeSentSerializer,
    MessageSerializer,
    PhoneCodeSerializer,
    ProfileSerializer,
)
from customers.views.purchases import PurchasesViewSet


class AccountViewSet(PurchasesViewSet):
    """The signed-in user's own account."""

    rights = {
        **PurchasesViewSet.rights,
        "change_password": IsAuthenticated,
        "send_phone_code": IsAuthenticated,
        "verify_phone": IsAuthenticated,
    }

    @documented(request_body=ChangePasswordSerializer, responses={200: MessageSerializer})
    @action(detail=False, methods=["post"])
    def change_password(self, request: Request) -> Response:
        """Change one's password; every other session ends. For every login."""
        given = self.checked(ChangePasswordSerializer)
        change_password(
            user=user_of(request),
            old=given["old_password"],
            new=given["new_password"],
            keep=cast(Session, request.auth),
        )
        return Response({"message": "The password was changed. Every other session was ended."})

    @documented(
        request_body=no_body,
        responses={200: CodeSentSerializer, 429: "too many codes", 503: "the phone cannot be reached"},
    )
    @action(detail=False, methods=["post"])
    def send_phone_code(self, request: Request) -> Response:
        """Send a code to the phone of one's profile, by WhatsApp. It is good for ten minutes and five tries."""
        send_phone_code(customer=self.own())
        seconds = int(PhoneCode.LIFETIME.total_seconds())
        return Response({"message": "A code was sent to your phone.", "expires_in": seconds})

    @documented(request_body=PhoneCodeSerializer, responses={200: ProfileSerializer})
    @action(detail=False, methods=["post"])
    def verify_phone(self, request: Request) -> Response:
        """Prove one's phone with the code. Who wrote to us from it before finds everything in one profile after."""
        customer = self.own()
        proved = verify_phone(customer_id=customer.pk, actor=user_of(request), **self.checked(PhoneCodeSerializer))
        return self.shown(proved.pk)
