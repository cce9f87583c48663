"""The requests that servers are compared by: reads in turn, and writes of which none is made twice."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, cycle

from benchmarks import load
from benchmarks.bodies import webhook

# So many requests, until each of a server's connections has prepared its statements.
WARM_UPS = 300

_numbers = count(1)


@dataclass(frozen=True)
class Asking:
    """Who asks, which customers have a chat, and parts of names to search for."""

    token: str
    chats: Sequence[int]
    terms: Sequence[str]

    @property
    def some(self) -> list[int]:
        return random.Random(2).sample(list(self.chats), min(len(self.chats), 500))


def _reads(asking: Asking, *paths: str) -> Iterator[bytes]:
    return cycle([load.get(path, asking.token) for path in paths])


def _creates(asking: Asking) -> Iterator[bytes]:
    for n in _numbers:
        names = {"first_name": "Sunil", "last_name": f"Fernando {n}", "email": f"sunil{n}@example.com"}
        yield load.post("/api/customers/", asking.token, {**names, "phone": f"+9471{n:07d}"})


def _sends(asking: Asking) -> Iterator[bytes]:
    for n in _numbers:
        said = {"customer": asking.chats[n % len(asking.chats)], "text": "On its way.", "client_id": f"bench-{n}"}
        yield load.post("/api/messages/", asking.token, said)


def _webhooks(asking: Asking) -> Iterator[bytes]:
    for n in _numbers:
        yield webhook(asking.chats[n % len(asking.chats)]).request


REQUESTS: dict[str, Callable[[Asking], Iterator[bytes]]] = {
    "list": lambda asking: _reads(asking, "/api/customers/"),
    "one": lambda asking: _reads(asking, *(f"/api/customers/{pk}/" for pk in asking.some)),
    "history": lambda asking: _reads(asking, *(f"/api/customers/{pk}/messages/?page_size=50" for pk in asking.some)),
    "search": lambda asking: _reads(asking, *(f"/api/customers/?search={term}" for term in asking.terms)),
    "create": _creates,
    "send": _sends,
    "webhook": _webhooks,
}
READS, WRITES = ("list", "one", "history", "search"), ("create", "send", "webhook")
