"""`python -m benchmarks.soak`: kill the processes while messages come and go, and count what is lost.

The scenarios of tests/services at full size, on SQLite (one process) and on PostgreSQL + Redis (web process and
relays). Prints the machine and N with every figure; ends with status 1 when a figure that must be 0 is not.
"""

import argparse
import os
import platform
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.graph_double import GraphDouble
from tests.services.chaos import Chaos
from tests.services.faultpoints import REQUEST_POINTS, SEND_POINTS, FaultDrill
from tests.services.following import Screen
from tests.services.harness import KINDS, ROOT, Server, Stack, Stacks, wait_for
from tests.services.ingest import broken_logs, doubled, drain_webhooks, stored, webhook_storm
from tests.services.meta import Meta, body_of, phones, text_message
from tests.services.mixed import mixed_load
from tests.services.sending import (
    OK,
    Desk,
    accepted_keys,
    deliver_statuses,
    drain_messages,
    meet,
    queue_all,
    sending_storm,
)

Figures = dict[str, Any]


def webhooks(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """Webhooks while the server is killed after every 50."""
    server, _ = stack.start()
    meta = Meta([server.url])
    number = max(int(2000 * scale), 20)
    taken = webhook_storm(stack, [server], meta, webhooks=number, kills=max(number // 50, 1), wait_leases=True)
    return asdict(taken), taken.flaws


def sending(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """Messages out while what sends is killed every second, and Graph fails one time in seven or drops answers."""
    server, senders = stack.start(relays=2)
    number = max(int(1000 * scale), 50)
    sent = sending_storm(
        stack,
        graph,
        Desk(server.url, stack.admin_token),
        Meta([server.url]),
        senders,
        messages=number,
        customers=min(50, number // 5),
        kills=10_000,
        wait_leases=True,
    )
    return asdict(sent), sent.flaws + broken_logs(stack.database)


def following(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """A socket dropped and resumed at random, four times; the last two while the server is killed, too."""
    server, _ = stack.start()
    meta = Meta([server.url], threads=4)
    (customer,) = meet(stack, meta, 1)
    number = max(int(500 * scale), 50)
    figures = {"events": 0, "drops": 0, "kills": 0, "missing": 0, "doubled": 0, "resyncs": 0}
    last_seq = "SELECT last_seq FROM customers_customer WHERE id = %s"
    for turn in range(4):
        head = stack.database.value(last_seq, customer)
        screen = Screen(server, stack.admin_token, customer, between=(3, 40), since=head, seed=turn)
        screen.start()
        base = meta.delivered
        bodies = [body_of(messages=[text_message(phones(1)[0], f"wamid.TURN{turn}.{n}")]) for n in range(number)]
        moments = [base + number // 3, base + 2 * number // 3] if turn > 1 else []
        with Chaos([server], progress=lambda: meta.delivered, at=moments, seed=turn) as chaos:
            meta.deliver_all(bodies)
        drain_webhooks(stack, wait_leases=True)
        screen.quiet.set()
        head = stack.database.value(last_seq, customer)
        wait_for("the screen to see everything", lambda screen=screen, head=head: screen.last >= head, 60)  # type: ignore[misc]
        screen.end()
        saw = screen.saw(head)
        figures["events"] += number
        figures["kills"] += chaos.kills
        for name in ("drops", "missing", "doubled", "resyncs"):
            figures[name] += getattr(saw, name)
    return figures, figures["missing"] + figures["doubled"] + figures["resyncs"]


def faults(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """Every fault point: W1-W4, P1, P2, O1-O4."""
    rounds = max(int(20 * scale), 1)
    drill = FaultDrill(stack, graph)
    dice = random.Random(7)
    wrong = 0
    for _ in range(rounds):
        # In another order each time: which death a start recovers from, and which it runs into.
        drill.take_in(dice.sample(REQUEST_POINTS, len(REQUEST_POINTS)))
        drill.take_over()
        points = dice.sample(list(SEND_POINTS), len(SEND_POINTS))
        outcomes = zip(points, drill.send(points), strict=True)
        wrong += sum(outcome != SEND_POINTS[point] for point, outcome in outcomes)
    deliver_statuses(graph, drill.meta)
    delivered = "SELECT count(*) FROM messaging_message WHERE status = 'delivered'"
    accepted = len(set(accepted_keys(graph)))
    wait_for("statuses to be applied", lambda: stack.database.value(delivered) == accepted, 60)
    figures = {
        "points": len(REQUEST_POINTS) + 1 + len(SEND_POINTS),
        "deaths": rounds * (len(REQUEST_POINTS) + 2 + len(SEND_POINTS)),
        "missing": len(set(drill.wamids) - stored(stack.database)),
        "duplicates": doubled(stack.database) + len(accepted_keys(graph)) - accepted,
        "wrong_outcomes": wrong,
        "gaps": broken_logs(stack.database),
    }
    return figures, sum(figures[name] for name in ("missing", "duplicates", "wrong_outcomes", "gaps"))


def copies(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """Webhooks, five copies of each, from 16 threads in any order."""
    meta = Meta([server.url for server in _servers(stack)], threads=16)
    number = max(int(1000 * scale), 20)
    bodies = [body_of(messages=[text_message(phones(50)[n % 50], f"wamid.COPY{n}")]) for n in range(number)]
    shuffled = bodies * 5
    random.Random(7).shuffle(shuffled)
    meta.post_all(shuffled)
    drain_webhooks(stack, wait_leases=True)
    figures = {
        "posts": len(shuffled),
        "messages": len(stored(stack.database)),
        "duplicates": doubled(stack.database),
        "not_200": sum(meta.answers.values()) - meta.answers[200],
    }
    return figures, figures["duplicates"] + figures["not_200"] + abs(number - figures["messages"])


def mixed(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """Writing, answering, reading, looking and handing over at once, on the same four customers."""
    done = mixed_load(stack, _servers(stack), seconds=max(60 * scale, 3))
    twice = len(accepted_keys(graph)) - len(set(accepted_keys(graph)))
    figures: Figures = {
        "calls": sum(done.answers.values()),
        "server_errors": done.server_errors,
        "deadlocks": done.deadlocks,
    }
    return {**figures, "twice": twice}, done.server_errors + done.deadlocks + twice + broken_logs(stack.database)


def ending(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """SIGINT and SIGTERM under load, with a socket open: seconds until the end, and what is left half sent."""
    server, (sender,) = stack.start()
    customers = meet(stack, Meta([server.url]), 20)
    screen = Screen(server, stack.admin_token, customers[0], between=(10**9, 10**9))
    screen.start()
    graph.faults.configure({"rate": 1.0, "random": [OK]})
    desk = Desk(server.url, stack.admin_token)
    half_sent, took = 0, []
    with ThreadPoolExecutor(1) as pool:
        for number in range(max(int(10 * scale), 2)):
            before = len(graph.accepted)
            queueing = pool.submit(queue_all, desk, customers, 100, 8, f"turn{number}")
            wait_for("sends to be under way", lambda before=before: len(graph.accepted) > before + 10)  # type: ignore[misc]
            took.append(sender.stop(signal.SIGINT if number % 2 else signal.SIGTERM, seconds=60))
            half_sent += stack.database.value(
                "SELECT count(*) FROM messaging_message WHERE status IN ('sending', 'uncertain')"
            )
            sender.start()
            queueing.result()
            drain_messages(stack, wait_leases=True)
    screen.end()
    figures = {"ends": len(took), "slowest_s": round(max(took), 2), "half_sent": half_sent}
    return figures, half_sent + len(accepted_keys(graph)) - len(set(accepted_keys(graph)))


def _servers(stack: Stack) -> list[Server]:
    server, _ = stack.start(relays=2)
    if stack.embedded:
        return [server]
    second = stack.server()
    second.start()
    return [server, second]


# At --scale 1: 2,000 webhooks with 40 kills; 1,000 messages to 50 customers; 4 x 500 events; every point 20 times;
# 5 x 1,000 posts; 60 s; 10 ends.
SCENARIOS: dict[str, Callable[[Stack, GraphDouble, float], tuple[Figures, int]]] = {
    scenario.__name__: scenario for scenario in (webhooks, sending, following, faults, copies, mixed, ending)
}


def machine() -> str:
    model = platform.machine()
    if Path("/proc/cpuinfo").exists():
        names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return f"{os.cpu_count()} cores ({model}), Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=f"of {', '.join(SCENARIOS)}; default: all")
    parser.add_argument("--on", choices=KINDS, help="one of the two; default: both")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full N (0.1: a tenth)")
    options = parser.parse_args()
    unknown = set(options.scenarios) - set(SCENARIOS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    print(f"# Soak: {machine()}, scale {options.scale:g}\n", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that processes and databases go, too
    flaws = 0
    folder = ROOT / "var"
    folder.mkdir(exist_ok=True)
    with Stacks(folder) as stacks:
        for kind in [options.on] if options.on else KINDS:
            print(f"## {'SQLite, one process' if kind == 'embedded' else 'PostgreSQL + Redis, web and relays'}\n")
            for name in options.scenarios or SCENARIOS:
                flaws += run(stacks, kind, name, options.scale)
    print("Nothing lost, nothing doubled." if not flaws else f"{flaws} FLAWS.")
    return 1 if flaws else 0


def run(stacks: Stacks, kind: str, name: str, scale: float) -> int:
    """Run one scenario on a fresh stack, print its figures, and return the number of flaws."""
    scenario = SCENARIOS[name]
    began = time.monotonic()
    with GraphDouble() as graph, stacks.stack(kind, graph.url) as stack:
        try:
            figures, flaws = scenario(stack, graph, scale)
        except Exception as error:  # noqa: BLE001 - one broken scenario must not cost the figures of the others
            traceback.print_exc()
            figures, flaws = {"gave up": repr(error)}, 1
    print(f"{'ok' if not flaws else 'FLAWED'} {name}: {scenario.__doc__}")
    print(f"   {', '.join(f'{key} {value}' for key, value in figures.items())}")
    print(f"   {time.monotonic() - began:.0f} s\n", flush=True)
    return flaws


if __name__ == "__main__":
    sys.exit(main())
