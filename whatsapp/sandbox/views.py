"""The customer's side of the sandbox, for the phone at `/phone/`. It is there on a developer's machine alone."""

from typing import Any

from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.documentation import documented
from core.files.kinds import ending_for, kind_of
from core.files.views import send_file
from core.phones import InvalidPhone, normalize
from customers.models import Customer
from messaging.models import Attachment, BusinessNumber
from whatsapp.business_numbers import TRANSPORT, number_of, own_phone_number_id
from whatsapp.models import Identity
from whatsapp.sandbox.chats import chat_of, messages_of
from whatsapp.sandbox.media import SandboxStore
from whatsapp.sandbox.origins import SameOrigin
from whatsapp.sandbox.writing import Phone, SaidFile, name_at, written
from whatsapp.webhook.deliver import deliver
from whatsapp.webhook.signature import sign

# How many customers are offered.
_OFFERED = 50


class SandboxView(APIView):
    """Anybody who can reach the machine may call it, but no page of another origin."""

    authentication_classes = []
    permission_classes = [SameOrigin]
    swagger_schema = None

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


class NumbersView(SandboxView):
    """`GET /sandbox/numbers/`: our own numbers, and the customers who were active last."""

    def get(self, request: Request) -> Response:
        own = number_of(own_phone_number_id())
        others = BusinessNumber.objects.filter(transport=TRANSPORT).exclude(pk=own.pk).order_by("pk")
        customers = Customer.objects.exclude(phone=None).order_by("-desk_at", "-pk")[:_OFFERED]
        return Response(
            {
                "business": [_number_row(number) for number in (own, *others)],
                "customers": [{"phone": customer.phone, "name": customer.name} for customer in customers],
            }
        )


class ChatView(SandboxView):
    """`/sandbox/chats/{phone}/`: what the customer sees, and what they write. `?number=` names one of our numbers."""

    def get(self, request: Request, phone: str) -> Response:
        """The whole chat; 204 if it is still as the caller knows it, by the `version` in `after`."""
        number = _business_number(request)
        chat = chat_of(_phone(phone), number)
        if request.query_params.get("after") == chat.version:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(
            {
                "phone": chat.phone,
                "name": name_at(chat.phone, number),
                "business": _number_row(number),
                "version": chat.version,
                "typing": chat.is_typing,
                "messages": messages_of(chat),
            }
        )

    @documented(request_body=SaidFile)
    def post(self, request: Request, phone: str) -> Response:
        """Write; whatsapp/sandbox/writing.py says what. The answer names the new message."""
        wamid, body = written(Phone(_phone(phone), _business_number(request)), request.data)
        if _is_blocked(phone, _business_number(request)):
            return Response({"id": wamid}, status.HTTP_201_CREATED)  # as with Meta, they do not notice
        taken = deliver(body, sign(body))
        if taken != status.HTTP_200_OK:
            refused = {"detail": f"The webhook answered {taken}.", "code": "unavailable"}
            return Response(refused, status.HTTP_502_BAD_GATEWAY)
        return Response({"id": wamid}, status.HTTP_201_CREATED)


class MediaView(SandboxView):
    """`GET /sandbox/media/{id}/`: a file by the id it has in a message, whoever sent it."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # Browsers request pictures with `Accept: image/*`.
        return super().perform_content_negotiation(request, force=True)

    def get(self, request: Request, provider_id: str) -> HttpResponseBase:
        file = Attachment.objects.filter(provider_id=provider_id).order_by("-pk").first()
        if file is None:
            raise Http404
        return send_file(request, file.file.name, shown_as=file.file_name) if file.file else _stored(file)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        return response


def _stored(file: Attachment) -> FileResponse:
    """The file of a customer that Patter has not fetched yet."""
    content = SandboxStore().open(file.provider_id)
    if content is None:
        raise Http404
    kind = kind_of(f"file.{ending_for(file.mime_type)}")
    shown = kind is not None and kind.inline
    content_type = kind.mime_type if kind is not None and shown else "application/octet-stream"
    return FileResponse(content, as_attachment=not shown, filename=file.file_name, content_type=content_type)


def _number_row(number: BusinessNumber) -> dict[str, str]:
    return {"id": number.external_id, "display": number.display or number.external_id}


def _business_number(request: Request) -> BusinessNumber:
    wanted = request.query_params.get("number") or own_phone_number_id()
    if wanted == own_phone_number_id():
        return number_of(wanted)
    number = BusinessNumber.objects.filter(transport=TRANSPORT, external_id=wanted).first()
    if number is None:
        raise Http404
    return number


def _is_blocked(phone: str, number: BusinessNumber) -> bool:
    known = Identity.objects.live().filter(business_number=number, wa_id=_phone(phone).removeprefix("+"))
    return known.exclude(blocked_at=None).exists()


def _phone(given: str) -> str:
    try:
        return normalize(given)
    except InvalidPhone as error:
        raise ValidationError({"phone": [str(error)]})
