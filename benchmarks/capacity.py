"""`python -m benchmarks.capacity [--web N] [--messages N] [--sockets N]`: what each act costs each process.

Real web processes, a relay, Redis and PostgreSQL (TEST_DATABASE_URL), and a double of Graph. Processor time is counted,
not the clock: it hardly changes with other work on the machine, and it adds up. A process of Python uses one core at a
time, so a web process can do at most 1,000 ms / (its ms of an act) of them a second; plan with half.
"""

import argparse
import asyncio
import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.database_cpu import DatabaseCpu, _seconds_of
from benchmarks.machine import machine
from benchmarks.sockets import Crowd
from tests.graph_double import GraphDouble
from tests.services.harness import Process, Server, Stack, Stacks
from tests.services.ingest import drain_webhooks
from tests.services.meta import Meta, body_of, phones, text_message
from tests.services.sending import Desk, deliver_statuses, drain_messages, meet, queue_all

CUSTOMERS = 200
_COLUMNS = ("web", "relay", "database", "redis")


def cpu_of(process: Process) -> float:
    """The processor time of all threads of a process, in seconds."""
    assert process.popen is not None
    tasks = Path(f"/proc/{process.popen.pid}/task")
    return sum(_seconds_of(int(task.name)) for task in tasks.iterdir())


def memory_of(process: Process) -> float:
    """What a process keeps in memory, in MB."""
    assert process.popen is not None
    status = Path(f"/proc/{process.popen.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


class Bench:
    def __init__(self, stack: Stack, web: int) -> None:
        self.stack = stack
        self.servers = [stack.server() for _ in range(web)]
        self.relay = stack.relay()
        for process in (*self.servers, self.relay):
            process.start()
        self.meta = Meta([server.url for server in self.servers])
        self.desks = itertools.cycle([Desk(server.url, stack.admin_token) for server in self.servers])
        self.customers = meet(stack, self.meta, CUSTOMERS)
        self.database = DatabaseCpu(stack.database.url)

    def _used(self) -> dict[str, float]:
        assert self.stack.redis is not None
        web = sum(cpu_of(server) for server in self.servers)
        return {"web": web, "relay": cpu_of(self.relay), "redis": cpu_of(self.stack.redis)}

    def measure(self, what: str, number: int, act: Callable[[], None]) -> dict[str, float]:
        """Print what one of `number` acts costs, in milliseconds of processor time."""
        self.database.start()
        before, began = self._used(), time.monotonic()
        act()
        seconds = time.monotonic() - began
        after = self._used()
        spent = {name: (after[name] - before[name]) / number * 1000 for name in before}
        spent["database"] = self.database.seconds() / number * 1000
        figures = " | ".join(f"{spent[name]:.2f}" for name in _COLUMNS)
        print(f"| {what} | {number} | {figures} | {1000 / spent['web']:,.0f} | {number / seconds:,.0f} |", flush=True)
        return spent


def messages_in(bench: Bench, number: int, mark: str) -> None:
    senders = phones(CUSTOMERS)
    texts = (text_message(senders[n % CUSTOMERS], f"wamid.{mark}{n}") for n in range(number))
    bench.meta.deliver_all(body_of(messages=[text]) for text in texts)
    drain_webhooks(bench.stack)


def answers_out(bench: Bench, graph: GraphDouble, number: int) -> None:
    for part, desk in zip(range(len(bench.servers)), bench.desks, strict=False):
        queue_all(desk, bench.customers, number // len(bench.servers), prefix=f"p{part}-")
    drain_messages(bench.stack)
    deliver_statuses(graph, bench.meta)
    drain_webhooks(bench.stack)


def reads(bench: Bench, number: int, path: str) -> None:
    for n in range(number):
        answer = next(bench.desks).call("GET", path.format(bench.customers[n % CUSTOMERS]))
        assert answer.status_code == 200, answer.text


async def screens(bench: Bench, number: int, messages: int) -> None:
    """What `number` open screens that hear everything add to messages that come in."""
    server: Server = bench.servers[0]
    alone = await asyncio.to_thread(
        bench.measure, "the same, 0 screens", messages, lambda: messages_in(bench, messages, "A")
    )
    before, crowd = memory_of(server), Crowd()
    await crowd.open(number, server.port, "/ws/inbox/", bench.stack.admin_token)
    await crowd.quiet()
    grown = (memory_of(server) - before) / number * 1024
    act = lambda: messages_in(bench, messages, "B")  # noqa: E731
    heard = await asyncio.to_thread(bench.measure, f"the same, {number} screens", messages, act)
    frame = (heard["web"] - alone["web"]) / number
    print(
        f"\none screen: {grown:.0f} kB, {frame * 1000:.0f} microseconds of the web process for each message it hears of"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity", description=__doc__)
    parser.add_argument("--web", type=int, default=1, help="web processes")
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--sockets", type=int, default=300)
    options = parser.parse_args()
    with Stacks() as stacks, GraphDouble() as graph, stacks.stack("services", graph.url) as stack:
        bench, number = Bench(stack, options.web), options.messages
        print(f"{machine()}; {options.web} web process(es)\n")
        print("| one | N | web, ms | relay, ms | database, ms | redis, ms | a web core could, a second | seen |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        messages_in(bench, 200, "WARM")
        bench.measure("message that comes in", number, lambda: messages_in(bench, number, "IN"))
        bench.measure("answer, with 2 statuses", number, lambda: answers_out(bench, graph, number))
        bench.measure("list of chats", number, lambda: reads(bench, number, "/api/customers/"))
        bench.measure("history of 50", number, lambda: reads(bench, number, "/api/customers/{}/messages/"))
        asyncio.run(screens(bench, options.sockets, number // 2))
        print(f"memory: a web process {memory_of(bench.servers[0]):.0f} MB, a relay {memory_of(bench.relay):.0f} MB")
        sessions = stack.database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        print(f"connections to the database: {sessions}, with this program's own two")
    return 0


if __name__ == "__main__":
    sys.exit(main())
