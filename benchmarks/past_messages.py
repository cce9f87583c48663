"""`python -m benchmarks.past_messages [--chats N] [--each N]`: how long does the history of a phone app take?

On both databases: chunks of 1,000 messages are posted at once, as when a number is connected, while people write up to
20 messages in a second, half of them in chats that the history fills. In process, with a thread that posts the chunks,
one that writes, and one for the relay. Prints after how long all was stored, and how long a new message took to be.
"""

import argparse
import os
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count

from benchmarks.each_database import on_each
from benchmarks.machine import machine

GOAL_SECONDS, GOAL_P99_MS = 60, 1_000
IN_A_CHUNK = 1_000
PAUSE_SECONDS = 0.05
US = "15550001111"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.past_messages", description=__doc__)
    parser.add_argument("--chats", type=int, default=200)
    parser.add_argument("--each", type=int, default=50, help="messages in each chat")
    parser.add_argument("--database", choices=["postgres", "sqlite"])
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure(options.chats, options.each)
    print(f"# {machine()}", flush=True)
    arguments = ["--chats", str(options.chats), "--each", str(options.each)]
    says = f"{options.chats * options.each:,} messages in {options.chats} chats"
    return on_each("benchmarks.past_messages", arguments, says=says, only=options.database)


def measure(chats: int, each: int) -> int:
    """Take in the history while people write, and check that all of it is there."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from customers.models import Event
    from messaging.models import Message

    over = threading.Event()
    waits: list[float] = []
    threads = [
        threading.Thread(target=_relay, args=(over,)),
        threading.Thread(target=_write, args=(over, chats, waits)),
    ]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    poster = threading.Thread(target=_post, args=(chats, each))
    poster.start()
    past = Message.objects.filter(from_history=True)
    while past.count() < chats * each and time.perf_counter() - began < 10 * GOAL_SECONDS:
        time.sleep(0.1)
    took = time.perf_counter() - began
    over.set()
    for thread in (*threads, poster):
        thread.join()
    stored, told = past.count(), Event.objects.filter(type="history_added").count()
    p99 = sorted(waits)[int(len(waits) * 0.99)] * 1000
    median = sorted(waits)[len(waits) // 2] * 1000
    print(
        f"| all of it stored | {took:.1f} s | {stored:,} messages, {told} events | goal {GOAL_SECONDS} s |", flush=True
    )
    print(
        f"| a new message | p50 {median:.0f} ms, p99 {p99:.0f} ms | N = {len(waits)} | goal {GOAL_P99_MS} ms |",
        flush=True,
    )
    return int(stored != chats * each or took > GOAL_SECONDS or p99 > GOAL_P99_MS)


def _relay(over: threading.Event) -> None:
    from whatsapp.webhook.queue import WebhookQueue

    source = WebhookQueue()
    while not over.is_set():
        jobs = source.claim(1)
        for job in jobs:
            source.run(job)
        if not jobs:
            time.sleep(0.02)


def _phone(chat: int) -> str:
    return f"9477{chat:07d}"


def _chunks(chats: int, each: int) -> Iterator[list[dict[str, object]]]:
    """The chats, as many in a chunk as have IN_A_CHUNK messages: every other message is ours."""
    numbers = count()
    of_chunk = max(IN_A_CHUNK // each, 1)
    for start in range(0, chats, of_chunk):
        yield [
            {
                "id": _phone(chat),
                "messages": [
                    {
                        "from": US if place % 2 else _phone(chat),
                        "to": _phone(chat) if place % 2 else US,
                        "id": f"wamid.past{next(numbers)}",
                        "timestamp": str(1_750_000_000 + place * 60),
                        "type": "text",
                        "text": {"body": f"Word {place} of an old chat about tables and chairs."},
                        "history_context": {"status": "READ"},
                    }
                    for place in range(each)
                ],
            }
            for chat in range(start, min(start + of_chunk, chats))
        ]


def _post(chats: int, each: int) -> None:
    from whatsapp.sandbox.webhook_bodies import as_body, change, envelope
    from whatsapp.webhook.queue import receive

    for order, threads in enumerate(_chunks(chats, each), start=1):
        part = {"metadata": {"phase": 0, "chunk_order": order, "progress": 100}, "threads": threads}
        body = envelope(change("1001", US, history=[part]))
        body["entry"][0]["changes"][0]["field"] = "history"
        receive(as_body(body))


def _write(over: threading.Event, chats: int, waits: list[float]) -> None:
    """People write until it is over; how long each message took until it was stored."""
    from messaging.models import Message
    from whatsapp.sandbox.webhook_bodies import as_body, change, envelope, message_item
    from whatsapp.webhook.queue import receive

    for number in count():
        if over.is_set():
            return
        phone = _phone(number % chats) if number % 2 else f"9471{number:07d}"
        wamid = f"wamid.new{number}"
        body = as_body(
            envelope(change("1001", US, messages=[message_item(phone, wamid, "Hello", at=int(time.time()))]))
        )
        began = time.perf_counter()
        receive(body)
        while not Message.objects.filter(wamid=wamid).exists():
            time.sleep(0.005)
        waits.append(time.perf_counter() - began)
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
