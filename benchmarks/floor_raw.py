"""The limit in Python: a bare ASGI application with psycopg and orjson, signed in. Nobody would build a desk like this.

Same rows, same tables, same columns in an answer as Patter's, each statement by hand and prepared.
"""

import hashlib
import hmac
import json
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import jwt
import orjson
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from benchmarks import floor_sql as sql

KEY = f"jwt:{os.environ['SECRET_KEY']}"
SECRET = os.environ["WHATSAPP_APP_SECRET"].encode()
OPTIONS = {"autocommit": True, "row_factory": dict_row, "prepare_threshold": 1}
# No more than Patter's threads have.
POOL = AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=8, max_size=8, kwargs=OPTIONS, open=False)


class Refused(Exception):
    """The token or the signature is wrong."""


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await POOL.open(wait=True)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await POOL.close()
        await send({"type": "lifespan.shutdown.complete"})
        return
    try:
        status, answer = await _answer(scope, await _body(receive))
    except Refused:
        status, answer = 401, {"detail": "no"}
    body = orjson.dumps(answer)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _answer(scope: dict[str, Any], body: bytes) -> tuple[int, Any]:
    headers = dict(scope["headers"])
    if scope["path"] == "/api/webhook/":
        signature = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(headers.get(b"x-hub-signature-256", b"").decode(), signature):
            raise Refused
        return 200, await _take_in(body)
    try:
        claims = jwt.decode(
            headers.get(b"authorization", b"")[7:], KEY, algorithms=["HS256"], audience="patter", issuer="patter"
        )
    except jwt.PyJWTError as error:
        raise Refused from error
    words = scope["path"].strip("/").split("/")
    async with POOL.connection() as connection, connection.cursor() as cursor:
        await cursor.execute(sql.SESSION, (claims["sid"],))
        session = await cursor.fetchone()
        if session is None or str(session["user_id"]) != claims["user_id"]:
            raise Refused
        if scope["method"] == "POST":
            write = _create if words[1] == "customers" else _send
            return 201, await write(connection, cursor, session["user_id"], orjson.loads(body))
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        return 200, await _READS[len(words)](cursor, words, query)


async def _list(cursor: Any, words: list[str], query: dict[str, str]) -> Any:
    where, values = sql.SHOWN, []
    if "search" in query:
        where, values = sql.SEARCH, [f"%{query['search'].lower()}%"]
    await cursor.execute(f"{sql.COUNT} {where}", values)
    count = (await cursor.fetchone())["count"]
    await cursor.execute(f"{sql.CUSTOMER} {where} {sql.NEWEST}", values)
    return {"count": count, "next": None, "previous": None, "results": await _shaped(cursor)}


async def _one(cursor: Any, words: list[str], query: dict[str, str]) -> Any:
    await cursor.execute(sql.ONE_CUSTOMER, (int(words[2]),))
    return (await _shaped(cursor))[0]


async def _history(cursor: Any, words: list[str], query: dict[str, str]) -> Any:
    size = int(query["page_size"])
    await cursor.execute(sql.HISTORY, (int(words[2]), size + 1))
    return {"next": None, "previous": None, "results": (await cursor.fetchall())[:size]}


_READS: dict[int, Callable[..., Awaitable[Any]]] = {2: _list, 3: _one, 4: _history}


async def _shaped(cursor: Any) -> list[dict[str, Any]]:
    """The customers that were asked for last, with their tags."""
    rows = await cursor.fetchall()
    await cursor.execute(sql.TAGS, ([row["id"] for row in rows],))
    tags: dict[Any, list[Any]] = defaultdict(list)
    for tag in await cursor.fetchall():
        tags[tag.pop("holder")].append(tag)
    for row in rows:
        row["tags"] = [*tags[row["id"]], *(tag for tag in tags[None] if tag["source"] == row["source"])]
    return list(rows)


async def _create(connection: Any, cursor: Any, user: int, given: dict[str, Any]) -> Any:
    async with connection.transaction():
        await cursor.execute(sql.NEW_CUSTOMER, given)
        pk = (await cursor.fetchone())["id"]
        await cursor.execute(sql.NEW_EVENT, (pk, 1, "customer_updated", json.dumps(given), user))
    return await _one(cursor, ["", "", str(pk)], {})


async def _send(connection: Any, cursor: Any, user: int, given: dict[str, Any]) -> Any:
    async with connection.transaction():
        await cursor.execute(sql.LOCKED_CHAT, (given["customer"],))
        chat = await cursor.fetchone()
        await cursor.execute(sql.SENT_BEFORE, (user, given["client_id"]))
        if (before := await cursor.fetchone()) is not None:
            return before
        values = (given["customer"], chat["business_number_id"], given["text"], json.dumps({"body": given["text"]}))
        await cursor.execute(sql.NEW_OUTBOUND, (*values, user, given["client_id"]))
        message = await cursor.fetchone()
        await cursor.execute(sql.LAST_MESSAGE, (message["id"], given["customer"]))
        seq = chat["last_seq"] + 1
        await cursor.execute(sql.TOUCH, (seq, given["customer"]))
        event = orjson.dumps(message).decode()
        await cursor.execute(sql.NEW_EVENT, (given["customer"], seq, "chat_message", event, user))
    return message


async def _take_in(body: bytes) -> Any:
    """The body is stored and committed first; then each message, in one transaction."""
    async with POOL.connection() as connection, connection.cursor() as cursor:
        await cursor.execute(sql.NEW_WEBHOOK, (body,))
        webhook = (await cursor.fetchone())["id"]
        value = orjson.loads(body)["entry"][0]["changes"][0]["value"]
        async with connection.transaction():
            for message in value["messages"]:
                await _keep(cursor, value["metadata"]["phone_number_id"], message)
            await cursor.execute(sql.WEBHOOK_DONE, (len(value["messages"]), webhook))
    return {}


async def _keep(cursor: Any, number: str, message: dict[str, Any]) -> None:
    await cursor.execute(sql.LOCKED_SENDER, (number, message["from"]))
    sender = await cursor.fetchone()
    at, text = datetime.fromtimestamp(int(message["timestamp"]), UTC), message["text"]
    place = (sender["id"], sender["business_number_id"])
    await cursor.execute(sql.NEW_INBOUND, (*place, text["body"], json.dumps(text), message["id"], at))
    stored = await cursor.fetchone()
    if stored is None:
        return
    await cursor.execute(sql.UNREAD, (*place, stored["id"], at))
    seq = sender["last_seq"] + 1
    await cursor.execute(sql.TOUCH, (seq, sender["id"]))
    data = json.dumps({"id": stored["id"], "customer": sender["id"], **message})
    await cursor.execute(sql.NEW_EVENT, (sender["id"], seq, "chat_message", data, None))
