"""The webhook that Meta calls, the list of templates, and the addresses customers write from."""

import hmac
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from drf_yasg import openapi
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.permissions import IsSalesOrAdmin, RightsByAction
from core.documentation import documented
from core.shapes import FreeObject
from customers.models import Customer
from messaging.shown import Shown
from whatsapp.composing.template_previews import TemplatePreviewSerializer, preview
from whatsapp.detaching import detach
from whatsapp.filters import TemplateFilter
from whatsapp.models import Identity, Template
from whatsapp.serializers import IdentitySerializer, TemplateSerializer
from whatsapp.webhook.deliver import OUTCOME, deliver

_ANSWERS = {
    200: {},
    401: {"detail": "The signature is missing or wrong.", "code": "bad_signature"},
    503: {"detail": "The webhook could not be stored. Send it again.", "code": "unavailable"},
}


def _text_query(name: str, description: str) -> openapi.Parameter:
    return openapi.Parameter(name, openapi.IN_QUERY, description, type=openapi.TYPE_STRING, required=True)


class TemplateViewSet(RightsByAction, mixins.ListModelMixin, viewsets.GenericViewSet[Template]):
    """List templates. Meta approved them, for customers who have not written within the last 24 hours."""

    queryset = Template.objects.order_by("name", "language", "pk")
    serializer_class = TemplateSerializer
    rights = {"list": IsSalesOrAdmin, "preview": IsSalesOrAdmin}
    filterset_class = TemplateFilter
    lookup_value_regex = r"\d{1,18}"

    @documented(request_body=TemplatePreviewSerializer, responses={200: Shown})
    @action(detail=True, methods=["post"], filter_backends=[], pagination_class=None)
    def preview(self, request: Request, pk: str) -> Response:
        """Show a template as the customer will see it. What sending would refuse is refused with the same 400."""
        return Response(preview(self.get_object(), request.data))


class IdentityViewSet(RightsByAction, mixins.ListModelMixin, viewsets.GenericViewSet[Identity]):
    """List the addresses on WhatsApp from which a customer writes."""

    queryset = Identity.objects.all()
    serializer_class = IdentitySerializer
    rights = {"list": IsSalesOrAdmin, "destroy": IsSalesOrAdmin}
    pagination_class = None
    filter_backends = []

    def get_queryset(self) -> "QuerySet[Identity]":
        if getattr(self, "swagger_fake_view", False):
            return Identity.objects.none()
        customer = Customer.objects.at_desk_of(self.request.user).or_404(self.kwargs["customer_id"])
        return Identity.objects.filter(customer=customer).select_related("business_number").newest_first()

    def destroy(self, request: Request, customer_id: str, pk: str) -> Response:
        """Detach an address on WhatsApp that is not the customer's. Whoever writes from there next is a new customer.

        Past messages stay. If it is the customer's phone, nothing from there is theirs and nothing is sent there until
        staff enter or confirm it again.
        """
        try:
            detach(customer_id=int(customer_id), identity_id=int(pk), actor=user_of(request))
        except Identity.DoesNotExist:
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)


class WebhookView(APIView):
    """Where Meta delivers messages and statuses."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Meta's POSTs bypass DRF: the signature covers the raw bytes, there is nothing to negotiate or to parse, and no
        # other path is as busy.
        if request.method == "POST":
            return self.post(request)
        return super().dispatch(request, *args, **kwargs)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """The answer is text whatever `Accept` asks for."""
        return super().perform_content_negotiation(request, force=True)

    @documented(
        operation_summary="Webhook verification (Meta setup)",
        operation_description="Called by Meta once, when the callback URL is set.",
        manual_parameters=[
            _text_query("hub.mode", "`subscribe`"),
            _text_query("hub.verify_token", "the value of WHATSAPP_VERIFY_TOKEN"),
            _text_query("hub.challenge", "returned as the whole answer"),
        ],
        produces=["text/plain", "application/json"],
        responses={200: "the challenge, as plain text", 403: "wrong mode or token"},
        security=[],
    )
    def get(self, request: Request) -> HttpResponse:
        given = request.GET.get("hub.verify_token", "")
        expected = settings.WHATSAPP_VERIFY_TOKEN
        matches = hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
        if request.GET.get("hub.mode") != "subscribe" or not expected or not matches:
            refusal = {"detail": "The verify token does not match.", "code": "permission_denied"}
            return JsonResponse(refusal, status=403)
        return HttpResponse(request.GET.get("hub.challenge", ""), content_type="text/plain; charset=utf-8")

    @documented(
        operation_summary="Handle incoming WhatsApp messages",
        operation_description="Called by Meta. The body is stored unchanged before the request is answered.",
        manual_parameters=[
            openapi.Parameter(
                "X-Hub-Signature-256",
                openapi.IN_HEADER,
                "`sha256=` and the HMAC-SHA256 of the raw body with the app secret, in lower-case hex digits",
                type=openapi.TYPE_STRING,
                required=True,
            )
        ],
        request_body=openapi.Schema(type=openapi.TYPE_OBJECT, description="Meta's webhook payload"),
        responses={
            200: ("stored", FreeObject),
            401: "bad signature",
            429: "too many large ones at once from one address",
            503: "could not be stored; send it again",
        },
        security=[],
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        code = request.META.get(OUTCOME)
        if code is None:
            code = deliver(request.body, request.META.get("HTTP_X_HUB_SIGNATURE_256"))
        if isinstance(code, Exception):
            raise code
        return JsonResponse(_ANSWERS[code], status=code)
