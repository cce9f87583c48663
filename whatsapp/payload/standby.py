"""Reads what is said while Meta's Business Agent has the chat (field `standby`; docs/whatsapp.md, "The agent")."""

from dataclasses import replace
from typing import Any

from messaging.past import AGENT
from whatsapp.payload.elements import Echo, Element, IncomingMessage
from whatsapp.payload.json_fields import object_of
from whatsapp.payload.mending import is_time
from whatsapp.payload.messages import read_echo, read_message
from whatsapp.payload.persons import Contacts


def read_agents_message(message: dict[str, Any], number: str, display: str, contacts: Contacts) -> Element:
    """Read what a customer wrote to the agent. Raises ValueError."""
    return _handled(read_message(message, number, display, contacts))


def read_agents_echo(echo: dict[str, Any], number: str, display: str, contacts: Contacts) -> Element:
    """Read what the agent answered: the message stands one level deeper. Raises ValueError."""
    outside, inside = {name: value for name, value in echo.items() if name != "message"}, object_of(echo.get("message"))
    inside = {name: value for name, value in inside.items() if name != "timestamp" or is_time(value)}
    return _handled(read_echo({**outside, **inside}, number, display, contacts))


def _handled(element: Element) -> Element:
    return replace(element, handled_by=AGENT) if isinstance(element, IncomingMessage | Echo) else element
