"""A Graph API that is slow, trickles or never ends: what it costs those who have nothing to do with it."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.graph_double import GraphDouble
from tests.services.harness import Process, Server, Stack, wait_for
from tests.services.meta import Meta
from tests.services.sending import Desk, meet
from tests.services.stalls import CODE, Watched, watch

# As many as a relay has threads that send.
SENDERS = 8
# A message waits at most for exchanges that are cut off after 28 s, and for its turn.
DELAY_GOAL = 35.0
# What an answer without an end may add to the memory of a process that sends, in MB.
GROWTH_GOAL = 40.0


@dataclass(frozen=True)
class Codes:
    """What those were told who asked for a code, how long it took, how many codes left, and what others noticed."""

    answers: Counter[int]
    slowest: float
    left: int
    watched: Watched


def ask_for_codes(
    stack: Stack, graph: GraphDouble, server: Server, tokens: list[str], *, slow: float, seconds: float
) -> Codes:
    """Let everybody ask for a code at once while Graph takes `slow` seconds, and watch others for `seconds`."""
    graph.faults.configure({"rate": 1.0, "random": [{"kind": "slow", "seconds": slow}]})
    before, took, answers = len(graph.accepted), [], Counter[int]()

    def ask(token: str) -> None:
        began = time.perf_counter()
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.post(f"{server.url}{CODE}", headers=headers, timeout=60, trust_env=False)
        took.append(time.perf_counter() - began)
        answers[answer.status_code] += 1

    with ThreadPoolExecutor(len(tokens)) as pool:
        asking = [pool.submit(ask, token) for token in tokens]
        watched = watch(server, stack.admin_token, seconds)
        for one in asking:
            one.result()
    wait_for("the codes to leave", lambda: len(graph.accepted) - before >= len(tokens), 3 * slow + 30)
    graph.faults.configure({"rate": 0.0})
    return Codes(answers, max(took), len(graph.accepted) - before, watched)


def delay_of_others(stack: Stack, graph: GraphDouble, server: Server) -> float:
    """How many seconds a message waits while the answers to eight others trickle, one byte in ten seconds."""
    known = chats(stack, server)
    (quick, _), slow = known[0], known[1 : SENDERS + 1]
    trickle = {"kind": "trickle", "pause": 10}
    graph.faults.configure({"to": {phone: trickle for _, phone in slow}, "random": [], "rate": 0.0})
    desk = Desk(server.url, stack.admin_token)
    before = len(graph.accepted)
    for customer, _ in slow:
        desk.send(customer, "slow", f"slow{customer}")
    wait_for("all threads to be held", lambda: len(graph.accepted) - before >= SENDERS, 30)
    began = time.monotonic()
    desk.send(quick, "quick", "quick")
    wait_for("the message of somebody else", lambda: any("quick" in str(body) for body in graph.bodies), 120)
    delay = time.monotonic() - began
    states = Counter(stack.database.query("SELECT status FROM messaging_message WHERE client_id LIKE 'slow%%'"))
    graph.faults.configure({"to": {}})
    assert set(states) <= {("uncertain",), ("sending",)}, states
    return delay


def growth_by_endless_answers(stack: Stack, graph: GraphDouble, server: Server, sender: Process) -> tuple[float, float]:
    """Memory of what sends, in MB: before, and the most while the answers to eight messages never end."""
    customers = [customer for customer, _ in chats(stack, server)]
    desk = Desk(server.url, stack.admin_token)
    desk.send(customers[0], "warm", "warm")
    wait_for("a first message", lambda: any("warm" in str(body) for body in graph.bodies))
    before = most = resident_mb(sender)
    graph.faults.configure({"rate": 1.0, "random": [{"kind": "endless"}, {"kind": "endless", "packed": 1}]})
    for customer in customers[:SENDERS]:
        desk.send(customer, "endless", f"endless{customer}")
    doubtful = "SELECT count(*) FROM messaging_message WHERE client_id LIKE 'endless%%' AND status = 'uncertain'"
    deadline = time.monotonic() + 60
    while stack.database.value(doubtful) < SENDERS:
        most = max(most, resident_mb(sender))
        assert time.monotonic() < deadline, "answers without an end are still read"
        time.sleep(0.05)
    graph.faults.configure({"rate": 0.0, "random": []})
    return before, most


def chats(stack: Stack, server: Server) -> list[tuple[int, str]]:
    """The id and the phone of everybody who may be written to: SENDERS and one more at least."""
    query = (
        "SELECT i.customer_id, i.wa_id FROM whatsapp_identity i JOIN messaging_conversation c "
        "ON c.customer_id = i.customer_id ORDER BY i.wa_id"
    )
    if len(stack.database.query(query)) <= SENDERS:
        meet(stack, Meta([server.url]), SENDERS + 1)
    return [(customer, phone) for customer, phone in stack.database.query(query)]


def resident_mb(process: Process) -> float:
    """The memory that a process occupies."""
    assert process.popen is not None
    lines = Path(f"/proc/{process.popen.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
