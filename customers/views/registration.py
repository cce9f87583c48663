"""`/api/customers/register/`"""

from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.documentation import documented
from core.throttles import AddressThrottle
from customers.actions.registration import register
from customers.group_members import groups_of
from customers.serializers.accounts import RegisterSerializer
from customers.serializers.profiles import ProfileRow, profile_data


class RegistrationThrottle(AddressThrottle):
    rate_setting = "THROTTLE_REGISTER"


class RegisterView(APIView):
    """Register as a customer with a login."""

    authentication_classes = []  # an expired token must not keep anybody from registering
    permission_classes = [AllowAny]
    throttle_classes = [RegistrationThrottle]
    hashes_passwords = ("post",)

    @documented(
        request_body=RegisterSerializer,
        responses={
            201: ProfileRow,
            429: "too many registrations from this address",
        },
    )
    def post(self, request: Request) -> Response:
        """Register as a customer.

        The phone is unverified until `verify_phone/` proves it, and nobody's messages reach you before.
        """
        body = RegisterSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        customer = register(**body.validated_data)
        profile = profile_data(customer, groups_of([customer])[customer.pk], links=None, for_staff=False)
        return Response(profile, status=status.HTTP_201_CREATED)
