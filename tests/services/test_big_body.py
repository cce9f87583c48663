"""As much as Meta puts into one body: answered at once, and stored whole soon after."""

import os
import time

from tests.services.harness import Stack, wait_for
from tests.services.ingest import broken_logs
from tests.services.meta import Meta, body_of, phones, text_message

MESSAGES = 1000
# How many such bodies; the figures of a release are taken with more.
RUNS = int(os.environ.get("PATTER_RUNS", "1"))
# Meta's patience is a second or so. A busy machine must not fail this test for its own slowness; the figure of a
# release is printed.
ANSWERED_WITHIN = 3.0


def test_a_body_of_a_thousand_messages(stack: Stack) -> None:
    server, _ = stack.start()
    meta = Meta([server.url], threads=1)
    senders = phones(50)
    answers = []
    for turn in range(RUNS):
        wamids = [f"wamid.BIG{turn}.{number}" for number in range(MESSAGES)]
        body = body_of(
            messages=[text_message(senders[number % 50], wamid, wamid) for number, wamid in enumerate(wamids)]
        )
        began = time.monotonic()
        assert meta.post(body) == 200
        answers.append(time.monotonic() - began)
        count = "SELECT count(*) FROM messaging_message"
        wait_for("all to be stored", lambda: stack.database.value(count) == MESSAGES * (turn + 1), 120)  # noqa: B023
        stored = time.monotonic() - began
        print(f"{stack.kind}: answered after {answers[-1]:.2f} s, stored whole after {stored:.1f} s")  # noqa: T201
    assert max(answers) < ANSWERED_WITHIN, answers
    assert stack.database.value("SELECT sum(unread_count) FROM messaging_conversation") == MESSAGES * RUNS
    order = (
        "SELECT text FROM messaging_message WHERE customer_id = (SELECT min(id) FROM customers_customer) ORDER BY id"
    )
    said = [int(row[0].rpartition(".")[2]) for row in stack.database.query(order)]
    assert said == [*range(0, MESSAGES, 50)] * RUNS, "each customer's messages in the order they stood in"
    assert broken_logs(stack.database) == 0
