"""What benchmarks/floor_fastapi.py takes and answers."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class _Row(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Tag(_Row):
    id: int
    name: str
    created_by_id: int | None
    created_at: datetime


class User(_Row):
    id: int
    first_name: str
    last_name: str


class LastMessage(_Row):
    id: int
    direction: str
    type: str
    text: str
    status: str
    created_at: datetime


class Conversation(_Row):
    unread_count: int
    last_inbound_at: datetime | None
    last_message: LastMessage | None


class Customer(_Row):
    id: int
    first_name: str
    last_name: str
    username: str
    email: str
    phone: str | None
    source: str
    notes: str
    is_active: bool
    is_verified: bool
    is_vip: bool
    loyalty_tier: str
    owner: User | None
    conversation: Conversation | None
    tags: list[Tag]
    date_joined: datetime
    updated_at: datetime


class CustomerPage(BaseModel):
    count: int
    next: str | None = None
    previous: str | None = None
    results: list[Customer]


class Attachment(_Row):
    state: str
    mime_type: str
    size: int | None
    file_name: str
    width: int | None
    height: int | None
    file: str
    thumbnail: str


class Message(_Row):
    id: int
    customer_id: int
    direction: str
    type: str
    text: str
    payload: Any
    reply_to_id: int | None
    reactions: Any
    status: str
    error: Any
    wamid: str | None
    client_id: str | None
    sender: User | None
    attachment: Attachment | None
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    edited_at: datetime | None
    deleted_at: datetime | None


class MessagePage(BaseModel):
    next: str | None = None
    previous: str | None = None
    results: list[Message]


class NewCustomer(BaseModel):
    first_name: str
    last_name: str = ""
    email: str = ""
    phone: str


class NewMessage(BaseModel):
    customer: int
    text: str
    client_id: str
