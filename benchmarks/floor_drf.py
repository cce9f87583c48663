"""Django REST framework as it is usually written: a ModelViewSet, nested ModelSerializers, simplejwt, all middleware.

The token's user is looked up, as simplejwt does, but no session.
"""

import os
from typing import Any, ClassVar

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
settings.ROOT_URLCONF = "benchmarks.floor_drf"
settings.MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
application = get_wsgi_application()

from django.db import transaction  # noqa: E402 - models need the set-up
from django.db.models import QuerySet  # noqa: E402
from rest_framework import serializers, viewsets  # noqa: E402
from rest_framework.pagination import PageNumberPagination  # noqa: E402
from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.renderers import JSONRenderer  # noqa: E402
from rest_framework.routers import SimpleRouter  # noqa: E402
from rest_framework_simplejwt.authentication import JWTAuthentication  # noqa: E402

from accounts.models import User  # noqa: E402
from customers.models import Customer, Event  # noqa: E402
from messaging.models import Conversation, Message  # noqa: E402
from tags.models import Tag  # noqa: E402


class TagSerializer(serializers.ModelSerializer[Tag]):
    class Meta:
        model = Tag
        fields: ClassVar = ["id", "name", "created_by", "created_at"]


class UserSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields: ClassVar = ["id", "first_name", "last_name"]


class LastMessageSerializer(serializers.ModelSerializer[Message]):
    class Meta:
        model = Message
        fields: ClassVar = ["id", "direction", "type", "text", "status", "created_at"]


class ConversationSerializer(serializers.ModelSerializer[Conversation]):
    last_message = LastMessageSerializer()

    class Meta:
        model = Conversation
        fields: ClassVar = ["unread_count", "last_inbound_at", "last_message"]


class CustomerSerializer(serializers.ModelSerializer[Customer]):
    owner = UserSerializer(read_only=True)
    conversation = ConversationSerializer(read_only=True)
    tags = serializers.SerializerMethodField()

    class Meta:
        model = Customer
        fields: ClassVar = [
            *("id", "first_name", "last_name", "username", "email", "phone", "source", "notes", "is_active"),
            *("is_verified", "is_vip", "loyalty_tier", "owner", "conversation", "tags", "date_joined", "updated_at"),
        ]

    def get_tags(self, customer: Customer) -> Any:
        return TagSerializer([given.tag for given in customer.given_tags.all()], many=True).data


class Pages(PageNumberPagination):
    page_size = 20


class CustomerViewSet(viewsets.ModelViewSet[Customer]):
    authentication_classes = [JWTAuthentication]
    permission_classes = [IsAuthenticated]
    renderer_classes = [JSONRenderer]
    filter_backends: ClassVar = []
    throttle_classes: ClassVar = []
    pagination_class = Pages
    serializer_class = CustomerSerializer

    def get_queryset(self) -> "QuerySet[Customer]":
        customers = Customer.objects.select_related("owner", "conversation__last_message")
        return customers.prefetch_related("given_tags__tag").order_by("-desk_at", "-id")

    @transaction.atomic
    def perform_create(self, serializer: Any) -> None:
        customer = serializer.save(last_seq=1)
        data = dict(serializer.validated_data)
        Event.objects.create(
            customer=customer, seq=1, type="customer_updated", data=data, actor_id=self.request.user.pk
        )


router = SimpleRouter()
router.register("api/customers", CustomerViewSet, basename="customer")
urlpatterns = router.urls
