"""WhatsApp as a channel (setting CHANNELS): all that messaging knows of this app."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import IO, Any

from django.conf import settings
from django.utils import timezone

from core.files.conversion.wanted import Wanted
from customers.models import Customer
from messaging.channels import Content, Draft, Fetched, Reach, Transport, window_expires_at
from messaging.models import Attachment, BusinessNumber, Conversation, Message
from whatsapp import identities, reach
from whatsapp.access_tokens import access_of
from whatsapp.business_numbers import TRANSPORT, home_number
from whatsapp.composing import conversions, drafts
from whatsapp.duplicates import customers_writing_as
from whatsapp.graph.media import fetch_media
from whatsapp.graph.transport import GraphTransport
from whatsapp.limits import MEDIA_TYPES
from whatsapp.sandbox.courier import Courier
from whatsapp.sandbox.media import fetch_from_sandbox
from whatsapp.sandbox.transport import SandboxTransport
from whatsapp.webhook.deliver import deliver

# Delivers the sandbox's statuses to the webhook.
courier = Courier(deliver)


def _transport(number: BusinessNumber) -> SandboxTransport | GraphTransport:
    """The transport of a number: Meta, or the sandbox."""
    if settings.WHATSAPP_SANDBOX:
        return SandboxTransport(number, courier)
    return GraphTransport(number, access_of(number))


class WhatsApp:
    """See messaging.channels.Channel."""

    service_window = timedelta(hours=24)

    @staticmethod
    def messages_per_second() -> int:
        per_second: int = settings.WHATSAPP_MESSAGES_PER_SECOND
        return per_second

    @staticmethod
    def transport(number: BusinessNumber) -> Transport:
        return _transport(number)

    @staticmethod
    def home_number() -> BusinessNumber:
        return home_number()

    @staticmethod
    def compose(draft: Draft) -> Content:
        content = drafts.compose(draft)
        if draft.file is None:
            return content
        kind = content.type if content.type in MEDIA_TYPES else content.mime_type.partition("/")[0]
        return replace(content, converts=conversions.must_convert(draft.file, content.mime_type, kind))

    @staticmethod
    def file_wanted(mime_type: str) -> Wanted:
        return conversions.file_wanted(mime_type)

    @staticmethod
    def recheck(message: Message) -> None:
        drafts.recheck(message)

    @staticmethod
    def reach_columns() -> dict[str, Any]:
        return reach.reach_columns()

    @staticmethod
    def reach(row: Mapping[str, Any]) -> Reach:
        return reach.reach_of(row)

    @staticmethod
    def marketing_of(customer_ids: Collection[int]) -> Mapping[int, tuple[bool, datetime]]:
        return reach.marketing_of(customer_ids)

    @staticmethod
    def fetch(attachment: Attachment, into: IO[bytes]) -> Fetched:
        return fetch_from_sandbox(attachment, into) if settings.WHATSAPP_SANDBOX else fetch_media(attachment, into)

    @staticmethod
    def senders_proved(customer: Customer) -> bool:
        return identities.senders_proved(customer)

    @staticmethod
    def phone_belongs_to_other(*, phone: str, customer_id: int | None) -> bool:
        return identities.phone_belongs_to_other(phone=phone, customer_id=customer_id)

    @staticmethod
    def customers_writing_as(customer: Customer) -> set[int]:
        return customers_writing_as(customer)

    @staticmethod
    def send_phone_code(*, phone: str, code: str) -> None:
        """Send it as text in the 24-hour window, and by a template otherwise."""
        chats = Conversation.objects.filter(customer__phone=phone, customer__phone_trusted=True)
        chats = chats.filter(business_number__transport=TRANSPORT)
        chat = chats.select_related("business_number").first()
        number = chat.business_number if chat is not None else home_number()
        expires_at = window_expires_at(TRANSPORT, chat.last_inbound_at) if chat is not None else None
        in_window = expires_at is not None and expires_at > timezone.now()
        _transport(number).send_code(phone, code, in_window=in_window)
