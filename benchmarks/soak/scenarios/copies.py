"""Webhooks, five copies of each, from 16 threads in any order."""

import random

from benchmarks.soak.scenario import Figures, start_web
from tests.graph_double import GraphDouble
from tests.services.harness import Stack
from tests.services.ingest import doubled, drain_webhooks, stored
from tests.services.meta import Meta, body_of, phones, text_message


def run(stack: Stack, graph: GraphDouble, scale: float) -> tuple[Figures, int]:
    """At scale 1: 5 x 1,000 posts."""
    meta = Meta([server.url for server in start_web(stack)], threads=16)
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
