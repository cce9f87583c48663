"""The storm of webhooks: what was answered 200 is there, once, whatever is killed meanwhile."""

import random
from dataclasses import dataclass

from tests.services.chaos import Chaos, spread
from tests.services.harness import Database, Process, Stack, wait_for
from tests.services.meta import Meta, body_of, phones, text_message

_OPEN = "SELECT count(*) FROM whatsapp_webhookevent WHERE state <> 'done' AND attempts < 8"
_WHY = (
    "SELECT state, attempts, error, lease_until, not_before, count(*) FROM whatsapp_webhookevent "
    "WHERE state <> 'done' GROUP BY 1, 2, 3, 4, 5 LIMIT 20"
)


@dataclass(frozen=True)
class Taken:
    """What the database holds after the storm. All but the first three are failures, and 0 is right."""

    webhooks: int
    messages: int
    kills: int
    missing: int
    duplicates: int
    gaps: int
    given_up: int
    server_errors: int

    @property
    def flaws(self) -> int:
        return self.missing + self.duplicates + self.gaps + self.given_up + self.server_errors


def bodies_for(webhooks: int, customers: int, dice: random.Random) -> tuple[list[bytes], list[str]]:
    """Return webhook bodies of 1 to 3 messages (most of 1), and every wamid in them."""
    bodies: list[bytes] = []
    wamids: list[str] = []
    for _ in range(webhooks):
        messages = []
        for _ in range(dice.choice((1, 1, 1, 1, 2, 3))):
            wamids.append(f"wamid.IN{len(wamids):07d}")
            messages.append(text_message(dice.choice(phones(customers)), wamids[-1], f"text {len(wamids)}"))
        bodies.append(body_of(messages=messages))
    return bodies, wamids


def webhook_storm(
    stack: Stack, servers: list[Process], meta: Meta, *, webhooks: int, kills: int, wait_leases: bool = False
) -> Taken:
    """Deliver webhooks while `servers` are killed in turn, let everything settle, and count.

    Without `wait_leases`, leases of the dead run out at once instead of after 30 seconds.
    """
    bodies, wamids = bodies_for(webhooks, max(webhooks // 20, 8), random.Random(7))
    with Chaos(servers, progress=lambda: meta.delivered, at=spread(webhooks, kills)) as chaos:
        meta.deliver_all(bodies)
    drain_webhooks(stack, wait_leases=wait_leases)
    return Taken(
        webhooks=webhooks,
        messages=len(wamids),
        kills=chaos.kills,
        missing=len(set(wamids) - stored(stack.database)),
        duplicates=doubled(stack.database),
        gaps=broken_logs(stack.database),
        given_up=stack.database.value("SELECT count(*) FROM whatsapp_webhookevent WHERE state = 'failed'"),
        server_errors=meta.answers[500],
    )


def drain_webhooks(stack: Stack, *, wait_leases: bool = False, seconds: float = 90.0) -> None:
    """Wait until every stored webhook was handled, or failed for good."""
    if not wait_leases:
        stack.age_leases()
    try:
        wait_for("webhooks to be handled", lambda: stack.database.value(_OPEN) == 0, seconds)
    except AssertionError as error:
        raise AssertionError(f"{error}: {stack.database.query(_WHY)}")


def stored(database: Database) -> set[str]:
    """The wamids of all inbound messages."""
    return {wamid for (wamid,) in database.query("SELECT wamid FROM messaging_message WHERE direction = 'inbound'")}


def doubled(database: Database) -> int:
    """Count what a message did twice: a row, an event in the log, one more unread, a second customer of a phone."""
    rows = database.value("SELECT count(*) - count(DISTINCT wamid) FROM messaging_message WHERE direction = 'inbound'")
    events = database.value("SELECT count(*) FROM customers_event WHERE type = 'chat_message'")
    messages = database.value("SELECT count(*) FROM messaging_message")
    unread = database.value(
        "SELECT count(*) FROM messaging_conversation c WHERE c.unread_count <> (SELECT count(*) FROM "
        "messaging_message m WHERE m.customer_id = c.customer_id AND m.status = 'received')"
    )
    people = database.value("SELECT count(*) - count(DISTINCT phone) FROM customers_customer")
    return int(rows + abs(events - messages) + unread + people)


def broken_logs(database: Database) -> int:
    """Count customers whose event log is not numbered 1, 2, 3 ... up to their last_seq."""
    return int(
        database.value(
            "SELECT count(*) FROM customers_customer c JOIN (SELECT customer_id, count(*) AS n, min(seq) AS low, "
            "max(seq) AS high FROM customers_event GROUP BY customer_id) e ON e.customer_id = c.id "
            "WHERE e.low <> 1 OR e.high <> e.n OR e.high <> c.last_seq"
        )
    )
