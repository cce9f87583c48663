"""What a team would build today: FastAPI with SQLAlchemy's ORM and pydantic, signed in, as their documentation shows.

Same rows, same tables, same columns in an answer as Patter's; each request looks up its session.
"""

import hashlib
import hmac
import json
import os
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload, selectinload

from benchmarks import floor_schemas as schemas
from benchmarks.floor_models import (
    BusinessNumber,
    Conversation,
    Customer,
    Event,
    Identity,
    Message,
    Session,
    User,
    WebhookEvent,
    now,
)

KEY = f"jwt:{os.environ['SECRET_KEY']}"
SECRET = os.environ["WHATSAPP_APP_SECRET"].encode()
# No more connections than Patter's threads have.
engine = create_async_engine(
    "postgresql+psycopg" + os.environ["DATABASE_URL"].removeprefix("postgres"), pool_size=8, max_overflow=0
)
open_session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()

_WITH_ALL = (
    joinedload(Customer.owner),
    joinedload(Customer.source_tag),
    joinedload(Customer.conversation).joinedload(Conversation.last_message),
    selectinload(Customer.given_tags),
)


async def database() -> AsyncIterator[AsyncSession]:
    async with open_session() as session:
        yield session


Database = Annotated[AsyncSession, Depends(database)]


async def signed_in(db: Database, authorization: Annotated[str, Header()]) -> User:
    try:
        claims = jwt.decode(authorization[7:], KEY, algorithms=["HS256"], audience="patter", issuer="patter")
    except jwt.PyJWTError as error:
        raise HTTPException(401) from error
    live = select(Session).options(joinedload(Session.user)).where(Session.id == uuid.UUID(claims["sid"]))
    session = await db.scalar(live.where(Session.ended_at.is_(None), Session.expires_at > now()))
    if session is None or not session.user.is_active or session.user.deleted_at is not None:
        raise HTTPException(401)
    return session.user


SignedIn = Annotated[User, Depends(signed_in)]


@app.get("/api/customers/", response_model=schemas.CustomerPage)
async def customer_list(db: Database, user: SignedIn, search: str = "") -> Any:
    # The indexes of the desk hold only those who were not merged into others.
    shown = Customer.merged_into_id.is_(None)
    if search:
        shown &= Customer.folded.contains(search.lower(), autoescape=True)
    found, count = select(Customer).where(shown), select(func.count()).select_from(Customer).where(shown)
    newest = found.options(*_WITH_ALL).order_by(Customer.desk_at.desc(), Customer.id.desc()).limit(20)
    return {"count": await db.scalar(count), "results": (await db.scalars(newest)).all()}


@app.get("/api/customers/{pk}/", response_model=schemas.Customer)
async def customer_detail(pk: int, db: Database, user: SignedIn) -> Any:
    return await _customer(db, pk)


@app.get("/api/customers/{pk}/messages/", response_model=schemas.MessagePage)
async def customer_messages(pk: int, db: Database, user: SignedIn, page_size: int = 20) -> Any:
    chat = select(Message).options(joinedload(Message.sender), joinedload(Message.attachment))
    chat = chat.where(Message.customer_id == pk, (Message.type != "reaction") | (Message.direction != "outbound"))
    newest = chat.order_by(Message.ordered_at.desc(), Message.id.desc()).limit(page_size + 1)
    return {"results": (await db.scalars(newest)).all()[:page_size]}


@app.post("/api/customers/", response_model=schemas.Customer, status_code=201)
async def create_customer(given: schemas.NewCustomer, db: Database, user: SignedIn) -> Any:
    searched = f"{given.first_name} {given.last_name} {given.email} {given.phone}".lower()
    customer = Customer(**given.model_dump(), last_seq=1, folded=searched)
    db.add(customer)
    await db.flush()
    data = given.model_dump()
    db.add(Event(customer_id=customer.id, seq=1, type="customer_updated", data=data, actor_id=user.id))
    await db.commit()
    return await _customer(db, customer.id)


@app.post("/api/messages/", response_model=schemas.Message, status_code=201)
async def send_message(given: schemas.NewMessage, db: Database, user: SignedIn) -> Any:
    customer = await _locked(db, given.customer)
    before = select(Message).where(Message.sender_id == user.id, Message.client_id == given.client_id)
    if (
        sent := await db.scalar(before.options(joinedload(Message.sender), joinedload(Message.attachment)))
    ) is not None:
        return sent
    message = Message(
        business_number_id=customer.conversation.business_number_id,
        direction="outbound",
        text=given.text,
        payload={"body": given.text},
        status="queued",
        client_id=given.client_id,
        sender=user,
        attachment=None,
    )
    await _store(db, customer, message, user.id)
    await db.commit()
    return message


@app.post("/api/webhook/")
async def take_in(request: Request, db: Database, x_hub_signature_256: Annotated[str, Header()] = "") -> Any:
    body = await request.body()
    signature = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(x_hub_signature_256, signature):
        raise HTTPException(401)
    # The body is stored and committed first.
    webhook = WebhookEvent(body=body)
    db.add(webhook)
    await db.commit()
    value = json.loads(body)["entry"][0]["changes"][0]["value"]
    for item in value["messages"]:
        await _keep(db, value["metadata"]["phone_number_id"], item)
    webhook.state, webhook.elements = "done", len(value["messages"])
    await db.commit()
    return {}


async def _keep(db: AsyncSession, number: str, item: dict[str, Any]) -> None:
    known = select(Identity).join(BusinessNumber).where(BusinessNumber.external_id == number)
    known = known.where(Identity.wa_id == item["from"], Identity.detached_at.is_(None))
    identity = await db.scalar(known)
    if identity is None:
        raise HTTPException(404)
    customer = await _locked(db, identity.customer_id)
    stored = select(Message.id).where(Message.business_number_id == identity.business_number_id)
    if await db.scalar(stored.where(Message.wamid == item["id"])) is not None:
        return
    at = datetime.fromtimestamp(int(item["timestamp"]), UTC)
    message = Message(
        business_number_id=identity.business_number_id,
        direction="inbound",
        text=item["text"]["body"],
        payload=item["text"],
        status="received",
        wamid=item["id"],
        created_at=at,
    )
    customer.conversation.unread_count += 1
    customer.conversation.last_inbound_at = at
    await _store(db, customer, message, None)


async def _locked(db: AsyncSession, pk: int) -> Customer:
    wanted = select(Customer).options(joinedload(Customer.conversation)).where(Customer.id == pk)
    customer = await db.scalar(wanted.with_for_update(key_share=True, of=Customer))
    if customer is None:
        raise HTTPException(404)
    return customer


async def _store(db: AsyncSession, customer: Customer, message: Message, actor_id: int | None) -> None:
    """Store a message of a locked customer, with its event."""
    message.customer_id = customer.id
    db.add(message)
    await db.flush()
    customer.conversation.last_message_id = message.id
    customer.last_seq += 1
    customer.desk_at = now()
    data = {"id": message.id, "customer": customer.id, "direction": message.direction, "text": message.text}
    event = Event(customer_id=customer.id, seq=customer.last_seq, type="chat_message", data=data, actor_id=actor_id)
    db.add(event)


async def _customer(db: AsyncSession, pk: int) -> Customer:
    customer = await db.scalar(select(Customer).options(*_WITH_ALL).where(Customer.id == pk))
    if customer is None:
        raise HTTPException(404)
    return customer
