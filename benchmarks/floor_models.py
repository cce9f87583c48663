"""Patter's tables, as benchmarks/floor_fastapi.py maps them: the columns that it answers with or has to fill."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


def now() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True), Any: JSONB(none_as_null=True), int: BigInteger}


class User(Base):
    __tablename__ = "accounts_user"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str]
    email: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    role: Mapped[str]
    is_active: Mapped[bool]
    deleted_at: Mapped[datetime | None]


class Session(Base):
    __tablename__ = "accounts_session"
    id: Mapped[Any] = mapped_column(Uuid, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("accounts_user.id"))
    ended_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    user: Mapped[User] = relationship()


class CustomerTag(Base):
    __tablename__ = "tags_customertag"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers_customer.id"))
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags_tag.id"))


class Tag(Base):
    __tablename__ = "tags_tag"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    source: Mapped[str | None]
    created_by_id: Mapped[int | None]
    created_at: Mapped[datetime]


class BusinessNumber(Base):
    __tablename__ = "messaging_businessnumber"
    id: Mapped[int] = mapped_column(primary_key=True)
    external_id: Mapped[str]


class Attachment(Base):
    __tablename__ = "messaging_attachment"
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messaging_message.id"))
    state: Mapped[str]
    mime_type: Mapped[str]
    size: Mapped[int | None]
    file_name: Mapped[str]
    width: Mapped[int | None]
    height: Mapped[int | None]
    file: Mapped[str]
    thumbnail: Mapped[str]


class Message(Base):
    __tablename__ = "messaging_message"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers_customer.id"))
    business_number_id: Mapped[int]
    direction: Mapped[str]
    type: Mapped[str] = mapped_column(default="text")
    text: Mapped[str]
    payload: Mapped[Any]
    reactions: Mapped[Any] = mapped_column(default=list)
    reply_to_id: Mapped[int | None]
    status: Mapped[str]
    error: Mapped[Any] = mapped_column(nullable=True)
    wamid: Mapped[str | None]
    client_id: Mapped[str | None]
    sender_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_user.id"))
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime] = mapped_column(default=now)
    created_at: Mapped[datetime] = mapped_column(default=now)
    ordered_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    sender: Mapped[User | None] = relationship()
    attachment: Mapped[Attachment | None] = relationship()


class Conversation(Base):
    __tablename__ = "messaging_conversation"
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers_customer.id"), primary_key=True)
    business_number_id: Mapped[int]
    unread_count: Mapped[int]
    last_inbound_at: Mapped[datetime | None]
    last_message_id: Mapped[int | None] = mapped_column(ForeignKey("messaging_message.id"))
    last_message: Mapped[Message | None] = relationship()


class Customer(Base):
    __tablename__ = "customers_customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    username: Mapped[str] = mapped_column(default="")
    email: Mapped[str]
    phone: Mapped[str | None]
    source: Mapped[str] = mapped_column(default="manual")
    notes: Mapped[str] = mapped_column(default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    is_verified: Mapped[bool] = mapped_column(default=False)
    is_vip: Mapped[bool] = mapped_column(default=False)
    loyalty_tier: Mapped[str] = mapped_column(default="bronze")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_user.id"))
    date_joined: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    merged_into_id: Mapped[int | None] = mapped_column(deferred=True)
    last_seq: Mapped[int]
    desk_at: Mapped[datetime] = mapped_column(default=datetime(1970, 1, 1, tzinfo=UTC))
    folded: Mapped[str | None] = mapped_column(deferred=True)
    # Never answered, so never loaded; but they may not be null.
    loyalty_points: Mapped[int] = mapped_column(default=0, deferred=True)
    total_orders: Mapped[int] = mapped_column(default=0, deferred=True)
    total_spent: Mapped[Decimal] = mapped_column(default=0, deferred=True)
    phone_verified: Mapped[bool] = mapped_column(default=False, deferred=True)
    phone_trusted: Mapped[bool] = mapped_column(default=True, deferred=True)
    pending_phone: Mapped[str] = mapped_column(default="", deferred=True)
    nic: Mapped[str] = mapped_column(default="", deferred=True)
    avatar: Mapped[str] = mapped_column(default="", deferred=True)
    gender: Mapped[str] = mapped_column(default="", deferred=True)
    preferred_language: Mapped[str] = mapped_column(default="en", deferred=True)
    preferred_currency: Mapped[str] = mapped_column(default="USD", deferred=True)
    accepts_marketing_email: Mapped[bool] = mapped_column(default=False, deferred=True)
    accepts_marketing_sms: Mapped[bool] = mapped_column(default=False, deferred=True)
    owner: Mapped[User | None] = relationship()
    conversation: Mapped[Conversation] = relationship()
    given_tags: Mapped[list[Tag]] = relationship(secondary="tags_customertag", viewonly=True)
    # The tag that everybody of this source has.
    source_tag: Mapped[Tag | None] = relationship(primaryjoin="foreign(Customer.source) == Tag.source", viewonly=True)

    @property
    def tags(self) -> list[Tag]:
        return [*self.given_tags, *([self.source_tag] if self.source_tag else [])]


class Event(Base):
    __tablename__ = "customers_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int]
    seq: Mapped[int]
    type: Mapped[str]
    data: Mapped[Any]
    actor_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Identity(Base):
    __tablename__ = "whatsapp_identity"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int]
    business_number_id: Mapped[int] = mapped_column(ForeignKey("messaging_businessnumber.id"))
    wa_id: Mapped[str | None]
    detached_at: Mapped[datetime | None]


class WebhookEvent(Base):
    __tablename__ = "whatsapp_webhookevent"
    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes]
    state: Mapped[str] = mapped_column(default="pending")
    error: Mapped[str] = mapped_column(default="")
    elements: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=1)
    received_at: Mapped[datetime] = mapped_column(default=now)
    not_before: Mapped[datetime] = mapped_column(default=now)
