"""A second channel: an imaginary SMS provider, its webhook included. One line in the setting CHANNELS installs it."""

import json
from collections import deque
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import IO, Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import ValidationError

from config.urls import urlpatterns as patterns_of_patter
from core.timestamps import from_epoch
from customers.actions.customers import create_customer
from customers.actions.locking import lock
from customers.models import Customer
from messaging.actions.receiving import receive_message
from messaging.actions.routing import route
from messaging.actions.statuses import apply_status
from messaging.channels import Content, Draft, Fetched, FileRefused, Inbound, Media, Outcome, Reach
from messaging.models import Attachment, BusinessNumber, Message

KEY = "the provider's key"
# The provider: what it took as `(from, to, text)`, how it refuses the next sends, the pictures people sent.
sent: list[tuple[str, str, str]] = []
outcomes: deque[Outcome] = deque()
pictures: dict[str, bytes] = {}


class SmsTransport:
    access = "sms"

    def __init__(self, number: BusinessNumber) -> None:
        self.number = number

    def has(self, file: Attachment) -> bool:
        return True

    def upload(self, message: Message, file: Attachment) -> None: ...

    def show_read(self, wamid: str, *, typing: bool) -> None: ...

    def learn(self) -> None: ...

    def send(self, message: Message, file: Attachment | None = None) -> str:
        if outcomes:
            raise outcomes.popleft()
        sent.append((self.number.external_id, str(message.customer.phone), message.text))
        return f"sms-{message.pk}"


class Sms:  # a messaging.channels.Channel
    service_window = None
    transport = SmsTransport

    @staticmethod
    def messages_per_second() -> int:
        return 5

    @staticmethod
    def home_number() -> BusinessNumber:
        return _number("7000")

    @staticmethod
    def compose(draft: Draft) -> Content:
        if draft.type not in ("", "text") or draft.file is not None or len(draft.text) > 160:
            raise ValidationError({"text": ["An SMS is a text of at most 160 characters."]})
        return Content("text", draft.text, {"body": draft.text})

    @staticmethod
    def recheck(message: Message) -> None: ...

    @staticmethod
    def reach_columns() -> dict[str, Any]:
        return {}

    @staticmethod
    def marketing_of(customer_ids: Collection[int]) -> dict[int, tuple[bool, datetime]]:
        return {}

    @staticmethod
    def reach(row: Mapping[str, Any]) -> Reach:
        return Reach(number_sends=True, has_address=bool(row["phone"]))

    @staticmethod
    def fetch(attachment: Attachment, into: IO[bytes]) -> Fetched:
        if (picture := pictures.get(attachment.provider_id)) is None:
            raise FileRefused("The picture is gone.")
        into.write(picture)
        return Fetched(into, len(picture), "", "")

    @staticmethod
    def senders_proved(customer: Customer) -> bool:
        return customer.phone_verified

    @staticmethod
    def phone_belongs_to_other(*, phone: str, customer_id: int | None) -> bool:
        return False  # customers are known by their phone alone

    @staticmethod
    def customers_writing_as(customer: Customer) -> set[int]:
        return set()

    @staticmethod
    def send_phone_code(*, phone: str, code: str) -> None:
        sent.append(("7000", phone, code))


@csrf_exempt
def webhook(request: HttpRequest) -> HttpResponse:
    """`{id, from, to, at, text | picture}` is a message, `{id, from, at, status}` what became of one of ours."""
    if not constant_time_compare(request.headers.get("X-Sms-Key", ""), KEY):
        return HttpResponse(status=401)
    said = json.loads(request.body)
    at = from_epoch(said["at"])
    with transaction.atomic():
        if "status" in said:
            apply_status(number=_number(said["from"]), wamid=said["id"], status=said["status"], at=at)
        else:
            picture = Media(said["picture"], timedelta(days=1), "image/png") if "picture" in said else None
            kind = "image" if picture else "text"
            inbound = Inbound(said["id"], kind, said.get("text", ""), at, address=said["from"], media=picture)
            receive_message(customer=_customer(said["from"]), number=_number(said["to"]), inbound=inbound)
    return HttpResponse()


def _number(external_id: str) -> BusinessNumber:
    return BusinessNumber.objects.get_or_create(transport="sms", external_id=external_id)[0]


def _customer(phone: str) -> Customer:
    known = Customer.objects.filter(phone=phone).first() or create_customer(actor=None, phone=phone, source="manual")
    customer = lock(known.pk)
    route(customer)
    return customer


urlpatterns = [path("sms/", webhook), *patterns_of_patter]
