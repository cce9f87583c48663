"""Webhooks as Meta posts them, and Meta itself as a server on loopback."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from customers.models import Customer
from messaging.models import BusinessNumber, Message
from tests.graph_double import GraphDouble
from tests.webhooks import PHONE_NUMBER_ID, says, text
from tests.whatsapp.sending import Send
from whatsapp.graph.client import clear_clients
from whatsapp.graph.media import http_client
from whatsapp.webhook import signature

Post = Callable[..., Any]


@pytest.fixture
def post(client: Client) -> Post:
    """Post a body (or a payload) to the webhook, signed by Meta unless `sign` says otherwise."""

    def deliver(body: Any, sign: str | None = "right", **headers: str) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        if sign == "right":
            headers["X-Hub-Signature-256"] = signature.sign(raw)
        elif sign is not None:
            headers["X-Hub-Signature-256"] = sign
        return client.post("/api/webhook/", raw, content_type="application/json", headers=headers)

    return deliver


@pytest.fixture
def number(db: None) -> BusinessNumber:
    return BusinessNumber.objects.create(external_id=PHONE_NUMBER_ID, display="15550783881")


@pytest.fixture
def connect(settings: Any) -> Iterator[Callable[[str], None]]:
    """Connect Patter to a double of Meta at an address: `connect(double.url)`."""

    def to(url: str) -> None:
        settings.WHATSAPP_SANDBOX = False
        settings.WHATSAPP_ACCESS_TOKEN = "EAAsecret-token"
        settings.WHATSAPP_APP_SECRETS = ["app-secret"]
        settings.WHATSAPP_PHONE_NUMBER_ID = PHONE_NUMBER_ID
        settings.WHATSAPP_GRAPH_URL = url

    yield to
    # A later double may get the same port, and must not meet this one's connections.
    clear_clients()
    http_client.cache_clear()


@pytest.fixture
def graph(connect: Callable[[str], None]) -> Iterator[GraphDouble]:
    """A Graph API on loopback, which Patter is connected to. A test in which Meta refuses a message says so itself."""
    with GraphDouble() as double:
        connect(double.url)
        yield double
        assert double.refused == []


@pytest.fixture
def chat(post: Post, graph: GraphDouble, settings: Any, tmp_path: Path) -> Customer:
    """A customer who has just written."""
    settings.MEDIA_ROOT = str(tmp_path)
    post(says(text("wamid.asked", at=int(time.time()))))
    return Message.objects.get(wamid="wamid.asked").customer


@pytest.fixture
def send(as_admin: Any, chat: Customer) -> Send:
    """Send in that chat, to the double."""
    return Send(as_admin, chat)
