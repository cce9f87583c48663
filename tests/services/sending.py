"""The storm of answers: each is accepted by WhatsApp once and in order, or said not to be known."""

import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from tests.graph_double import GraphDouble
from tests.services.chaos import Chaos
from tests.services.harness import Process, Stack, wait_for
from tests.services.ingest import drain_webhooks
from tests.services.meta import Meta, body_of, phones, status_of, text_message

_UNFINISHED = "SELECT count(*) FROM messaging_message WHERE direction = 'outbound' AND status IN ('queued', 'sending')"
_OUTBOUND = "SELECT id, customer_id, status, wamid, client_id FROM messaging_message WHERE direction = 'outbound'"
OK = {"kind": "slow", "seconds": 0.03}


def weather(seed: int = 7) -> dict[str, Any]:
    """Faults of a Graph API that fails one time in seven, and takes 3 % of the rest without answering."""
    fails = [
        *[{"kind": "status", "status": 500}] * 2,
        *[{"kind": "meta", "code": 131000, "status": 500}] * 2,
        {"kind": "status", "status": 503},
        {"kind": "throttle"},
    ]
    return {"rate": 1.0, "seed": seed, "random": [*fails, {"kind": "take_and_drop"}, *[OK] * 35]}


@dataclass(frozen=True)
class Sent:
    """What became of the messages. From `twice` on everything is a failure, and 0 is right."""

    messages: int
    kills: int
    statuses: dict[str, int]
    uncertain: int
    uncertain_accepted: int
    twice: int
    lost: int
    made_up: int
    denied: int
    out_of_order: int
    unsettled: int

    @property
    def flaws(self) -> int:
        return self.twice + self.lost + self.made_up + self.denied + self.out_of_order + self.unsettled


class Desk:
    """A salesperson's program: queues messages, each until it is answered."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        # One client for all threads: a new one per call would cost 40 ms of reading certificates.
        self._client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False)

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._client.request(method, f"{self.url}{path}", **options)

    def send(self, customer: int, text: str, client_id: str) -> dict[str, Any]:
        """Queue one message. The same client_id makes a second try harmless when an answer got lost."""
        body = {"customer": customer, "type": "text", "text": text, "client_id": client_id}
        deadline = time.monotonic() + 120
        while True:
            try:
                response = self.call("POST", "/api/messages/", json=body)
            except httpx.HTTPError:
                response = None
            if response is not None and response.status_code in (200, 201):
                message: dict[str, Any] = response.json()
                return message
            assert response is None or response.status_code == 503, response.text
            assert time.monotonic() < deadline, "a message could not be queued"
            time.sleep(random.uniform(0.05, 0.2))


def meet(stack: Stack, meta: Meta, customers: int) -> list[int]:
    """Let so many customers write, which opens their windows; return their ids."""
    meta.deliver_all(body_of(messages=[text_message(phone, f"wamid.HELLO{phone}")]) for phone in phones(customers))
    drain_webhooks(stack)
    ids = [pk for (pk,) in stack.database.query("SELECT customer_id FROM messaging_conversation ORDER BY customer_id")]
    assert len(ids) == customers
    return ids


def queue_all(desk: Desk, customers: Sequence[int], messages: int, threads: int = 8, prefix: str = "c") -> list[str]:
    """Queue the messages, in turn for each customer; return the client ids, which start with `prefix`."""
    plan: dict[int, list[str]] = {customer: [] for customer in customers}
    for number in range(messages):
        customer = customers[number % len(customers)]
        plan[customer].append(f"{prefix}{customer}-{number}")

    def write(customer: int) -> None:
        for client_id in plan[customer]:
            desk.send(customer, f"answer {client_id}", client_id)

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(write, customer) for customer in customers]:
            done.result()
    return [client_id for client_ids in plan.values() for client_id in client_ids]


def sending_storm(
    stack: Stack,
    graph: GraphDouble,
    desk: Desk,
    meta: Meta,
    victims: Sequence[Process],
    *,
    messages: int,
    customers: int,
    every: float = 1.0,
    kills: int,
    wait_leases: bool = False,
) -> Sent:
    """Queue messages and send them through a bad Graph API while the senders are killed; then count.

    Without `wait_leases`, leases of the dead run out when the killing ends instead of after 30 seconds.
    """
    met = meet(stack, meta, customers)
    graph.faults.configure(weather())
    with Chaos(victims, every=every, limit=kills) as chaos:
        client_ids = queue_all(desk, met, messages)
        wait_for("the kills", lambda: not chaos.is_alive() or _finished(stack), 1200, 0.2)
    drain_messages(stack, wait_leases=wait_leases)
    before = _outcomes(stack)
    deliver_statuses(graph, meta)
    wait_for("statuses to be applied", lambda: not _unsettled(stack, graph), 60, 0.2)
    return _count(stack, graph, client_ids, before, chaos.kills)


def drain_messages(stack: Stack, *, wait_leases: bool = False, seconds: float = 300.0) -> None:
    """Wait until no message is on its way any more."""
    if not wait_leases:
        stack.age_leases()
    wait_for("messages to be sent", lambda: _finished(stack), seconds, 0.1)


def deliver_statuses(graph: GraphDouble, meta: Meta) -> None:
    """Let WhatsApp say of every message it took that it was sent and delivered."""
    for status in ("sent", "delivered"):
        meta.deliver_all(body_of(statuses=[status_of(wamid, status, str(pk))]) for pk, wamid in accepted(graph))


def accepted(graph: GraphDouble) -> list[tuple[int, str]]:
    """Our id and WhatsApp's of the messages it took, in that order; read receipts, which it takes too, are none."""
    messages = [one for one in list(graph.accepted) if "status" not in one["body"]]
    return [(int(one["body"]["biz_opaque_callback_data"]), one["wamid"]) for one in messages]


def accepted_keys(graph: GraphDouble) -> list[int]:
    """The ids of the messages WhatsApp took, in that order; one that it took twice is there twice."""
    return [pk for pk, _ in accepted(graph)]


def out_of_order(stack: Stack, graph: GraphDouble) -> int:
    """Count customers who got an earlier message after a later one."""
    owner = {pk: customer for pk, customer, *_ in stack.database.query(_OUTBOUND)}
    newest: dict[int, int] = {}
    wrong = set()
    for pk in accepted_keys(graph):
        if pk < newest.get(owner[pk], 0):
            wrong.add(owner[pk])
        newest[owner[pk]] = max(pk, newest.get(owner[pk], 0))
    return len(wrong)


def _finished(stack: Stack) -> bool:
    return bool(stack.database.value(_UNFINISHED) == 0)


def _outcomes(stack: Stack) -> dict[int, tuple[str, str, str]]:
    return {pk: (status, wamid, client_id) for pk, _, status, wamid, client_id in stack.database.query(_OUTBOUND)}


def _unsettled(stack: Stack, graph: GraphDouble) -> int:
    """Count accepted messages that are not `delivered` under one of the wamids they were taken with."""
    names = set(accepted(graph))
    outcomes = _outcomes(stack)
    return sum(
        1 for pk in {pk for pk, _ in names} if outcomes[pk][0] != "delivered" or (pk, outcomes[pk][1]) not in names
    )


def _count(
    stack: Stack, graph: GraphDouble, client_ids: list[str], before: dict[int, tuple[str, str, str]], kills: int
) -> Sent:
    times = Counter(accepted_keys(graph))
    uncertain = [pk for pk, outcome in before.items() if outcome[0] == "uncertain"]
    queued = Counter(outcome[2] for outcome in before.values())
    return Sent(
        messages=len(client_ids),
        kills=kills,
        statuses=dict(Counter(outcome[0] for outcome in before.values())),
        uncertain=len(uncertain),
        uncertain_accepted=sum(1 for pk in uncertain if times[pk]),
        twice=sum(1 for number in times.values() if number > 1),
        lost=sum(1 for client_id in client_ids if queued[client_id] != 1),
        made_up=sum(1 for pk, outcome in before.items() if outcome[0] == "sent" and not times[pk]),
        denied=sum(1 for pk, outcome in before.items() if outcome[0] == "failed" and times[pk]),
        out_of_order=out_of_order(stack, graph),
        unsettled=_unsettled(stack, graph),
    )
