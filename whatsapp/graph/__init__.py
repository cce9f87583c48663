"""Messages out through Meta's Graph API, spoken by pywa."""

from whatsapp.graph.client import clear_clients, client_for
from whatsapp.graph.recipients import recipient_of
from whatsapp.graph.transport import GraphTransport

__all__ = ["GraphTransport", "clear_clients", "client_for", "recipient_of"]
