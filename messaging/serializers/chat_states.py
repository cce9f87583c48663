"""The state of a chat as JSON, and what is written to change it."""

from datetime import datetime
from typing import Annotated, TypedDict

from accounts.models import User
from accounts.serializers import user_ref
from core.shapes import Ref, Time
from core.timestamps import iso
from messaging.models import ChatState


class ChatStateChange(TypedDict):
    """That a chat was closed, snoozed or opened."""

    state: Annotated[str, ChatState]
    snoozed_until: Time | None
    by: Annotated[Ref | None, "null: the customer wrote, the time came, or two customers became one or two again"]


def state_data(state: str, snoozed_until: datetime | None = None, by: User | None = None) -> ChatStateChange:
    """The data of a `chat_state_changed` event."""
    return {"state": str(state), "snoozed_until": iso(snoozed_until), "by": user_ref(by)}
