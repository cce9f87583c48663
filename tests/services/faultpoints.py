"""Dying at a named point (core/faults.py) and coming back: what each point must leave behind."""

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from tests.graph_double import GraphDouble
from tests.services.harness import Process, Stack
from tests.services.ingest import drain_webhooks
from tests.services.meta import Meta, body_of, phones, text_message
from tests.services.sending import Desk, accepted_keys, drain_messages, meet

# In the request that takes a webhook in: before and after the signature, before the commit of an element, after
# the last one, and in the middle of a batch.
REQUEST_POINTS = ("W1", "W2", "W3", "P2", "W4")
# In a send: claimed but not noted beside the database, claimed, request made, answer read, outcome written down,
# outcome committed. What the message is afterwards, and whether WhatsApp has it.
SEND_POINTS = {
    "B1": ("uncertain", 0),
    "O1": ("uncertain", 0),
    "O2": ("uncertain", 1),
    "O3": ("uncertain", 1),
    "O3J": ("sent", 1),
    "O4": ("sent", 1),
}


class FaultDrill:
    """One stack that dies at one point after the other. Server and sender run again after each."""

    def __init__(self, stack: Stack, graph: GraphDouble) -> None:
        self.stack, self.graph = stack, graph
        self.server, (self.sender,) = stack.start()
        self.meta = Meta([self.server.url], threads=3)
        self.desk = Desk(self.server.url, stack.admin_token)
        self.customers = itertools.cycle(meet(stack, self.meta, 3))
        self.wamids: list[str] = [f"wamid.HELLO{phone}" for phone in phones(3)]
        self._numbers = itertools.count(1)

    def take_in(self, points: Sequence[str]) -> None:
        """Let the server die at one point after the other while it takes in three webhooks, which must get their 200.

        Each start recovers from one death and runs into the next.
        """
        self._launch(self.server, points[0])
        with ThreadPoolExecutor(1) as pool:
            delivering = pool.submit(self.meta.deliver_all, [self._webhook() for _ in range(3)])
            for point, following in pairwise([*points, ""]):
                self._died(self.server, point)
                self._launch(self.server, following)
            delivering.result()
        drain_webhooks(self.stack)

    def take_over(self) -> None:
        """P1: the server dies in the middle of a webhook, and the relay when it has claimed the rest."""
        body = self._webhook()
        self._launch(self.server, "W3")
        self._post_until_dead(body)
        if self.stack.embedded:
            self._launch(self.server, "P1")
        else:
            self._launch(self.server)
            self._launch(self.sender, "P1")
            self.stack.age_leases()
        self._died(self.sender, "P1")
        self._launch(self.sender)
        drain_webhooks(self.stack)

    def send(self, points: Sequence[str]) -> list[tuple[str, int]]:
        """Let the sender die at one point after the other, each of one send.

        Returns for each the message's status and how often WhatsApp has it.
        """
        self._launch(self.sender, points[0])
        messages = []
        with ThreadPoolExecutor(1) as pool:
            for point, following in pairwise([*points, ""]):
                client_id = f"{point}-{next(self._numbers)}"
                queueing = pool.submit(self.desk.send, next(self.customers), client_id, client_id)
                self._died(self.sender, point)
                self._launch(self.sender, following)
                self.stack.age_leases()
                messages.append(int(queueing.result()["id"]))
        drain_messages(self.stack)
        status = "SELECT status FROM messaging_message WHERE id = %s"
        return [(self.stack.database.value(status, pk), accepted_keys(self.graph).count(pk)) for pk in messages]

    def _webhook(self) -> bytes:
        """Three messages, so that there is a middle to die in."""
        number = next(self._numbers)
        wamids = [f"wamid.FAULT{number}.{part}" for part in range(3)]
        self.wamids += wamids
        return body_of(messages=[text_message(phone, wamid) for phone, wamid in zip(phones(3), wamids, strict=True)])

    def _post_until_dead(self, body: bytes) -> None:
        while self.server.alive:
            self.meta.post(body)

    def _launch(self, process: Process, point: str = "") -> None:
        """Start anew, to die at `point`. Not waited for: it may be dead before it is seen to be ready."""
        process.kill()
        process.launch(PATTER_FAULT=f"{point}:kill" if point else "")

    def _died(self, process: Process, point: str) -> None:
        status = process.wait_dead(60)
        assert status == -9, f"{point}: it ended otherwise:\n{process.output()[-3000:]}"
