"""The WhatsApp end of the port MESSAGE_TRANSPORTS."""

from django.conf import settings

from messaging.models import BusinessNumber
from messaging.transports import Transport
from whatsapp.access import access_of
from whatsapp.graph import GraphTransport
from whatsapp.sandbox import SandboxTransport


def for_number(number: BusinessNumber) -> Transport:
    """Return what carries the messages of `number`: Meta, or the sandbox when there is no access token."""
    if settings.WHATSAPP_SANDBOX:
        return SandboxTransport(number)
    return GraphTransport(number, access_of(number))
