"""Random sequences of what goes wrong between a message and Graph, against a small model of what may become of it.

`SEQUENCES=500 SEED=1` runs as many, from there.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer
from messaging.models import BusinessNumber
from messaging.relay import claims, journal, outbox, unwritten
from tests.graph_double import GraphDouble
from tests.messaging.faulty_world import PHONES, World
from tests.messaging.steps import Says
from whatsapp.graph import transport
from whatsapp.graph.client import clear_clients

SEQUENCES, SEED = int(os.environ.get("SEQUENCES", "12")), int(os.environ.get("SEED", "1"))
STEPS = 30


@pytest.fixture(scope="module")
def double() -> Iterator[GraphDouble]:
    with GraphDouble() as double:
        yield double
        assert double.refused == []
    clear_clients()


@pytest.fixture
def graph(double: GraphDouble, number: BusinessNumber, settings: Any, tmp_path: Path) -> GraphDouble:
    """Graph, which Patter is connected to. It may send as fast as it can, and keeps its files to itself."""
    settings.WHATSAPP_SANDBOX, settings.WHATSAPP_ACCESS_TOKEN = False, "EAAsecret-token"
    settings.WHATSAPP_PHONE_NUMBER_ID = number.external_id
    settings.WHATSAPP_GRAPH_URL, settings.WHATSAPP_MESSAGES_PER_SECOND = double.url, 0
    settings.MEDIA_ROOT = str(tmp_path)
    return double


@pytest.fixture
def chats(owner: User, says: Says) -> list[int]:
    people = [Customer.objects.create(first_name=phone, phone=f"+{phone}", owner=owner) for phone in PHONES]
    for person in people:
        says(person)
    return [person.pk for person in people]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(SEED, SEED + SEQUENCES))
def test_every_message_comes_to_a_true_end(
    seed: int,
    owner: User,
    chats: list[int],
    graph: GraphDouble,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is sent once, in its turn, unless a person sends it again; and what is shown of it is so."""
    files = tmp_path / "outcomes"
    client = APIClient()
    client.force_authenticate(owner)  # for hours
    world = World(client, chats, graph, random.Random(seed), settings, files)
    monkeypatch.setattr(timezone, "now", lambda: world.model.now)
    monkeypatch.setattr(outbox, "CALM_SECONDS", 0.0)
    for module in (claims, outbox, unwritten, transport):
        monkeypatch.setattr(module, "fault", world.fault)
    forget = journal.forget

    def keep_a_copy(token: UUID) -> None:
        path = files / f"{token}.json"
        if path.exists():
            world.old_files.append((path.name, path.read_text()))
        forget(token)

    monkeypatch.setattr(journal, "forget", keep_a_copy)
    try:
        for _ in range(STEPS):
            world.step()
        world.end_well()
    except AssertionError as error:
        raise AssertionError("\n".join([*world.did, str(error)]))
    finally:
        unwritten.forget_all()
