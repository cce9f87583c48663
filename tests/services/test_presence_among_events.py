"""Who is there, told among the events of a chat: nothing is missed for it, and one process tells the same as four."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import psycopg
import pytest

from tests.services.ears import Ear
from tests.services.following import Screen
from tests.services.harness import Stack, wait_for

PROCESSES = 4
LATE = 20

Open = Callable[[int, str, str], Ear]


@pytest.fixture
def desk(stack: Stack) -> Iterator["Desk"]:
    made = Desk(stack)
    yield made
    for ear in made.ears:
        ear.close()


class Desk:
    """A chat of sam's on four servers, or on one that stands for all of them."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        ada, (sam, stella) = stack.people["admin"], stack.people["sales"]
        self.people = {"ada": ada, "sam": sam, "stella": stella}
        self.names = {person["id"]: name for name, person in self.people.items()}
        servers = [stack.server() for _ in range(1 if stack.embedded else PROCESSES)]
        for server in servers:
            server.start()
        self.servers = servers * PROCESSES if stack.embedded else servers
        self.ears: list[Ear] = []
        self.customer = self.call("POST", "/api/customers/", name="Jane")["id"]
        self.hand_over("sam")

    def call(self, method: str, path: str, at: int = 0, **body: Any) -> Any:
        bearer = {"Authorization": f"Bearer {self.people['ada']['token']}"}
        url = self.servers[at].url + path
        answer = httpx.request(method, url, json=body, headers=bearer, trust_env=False, timeout=30)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def hand_over(self, name: str) -> None:
        self.call("POST", "/api/assignments/", customer=self.customer, salesperson=self.people[name]["id"])

    def note(self, at: int, text: str) -> None:
        """Something that is recorded."""
        self.call("PATCH", f"/api/customers/{self.customer}/", at, notes=text)

    def chat(self, name: str, at: int) -> Ear:
        return self._open(name, at, f"/ws/chat/{self.customer}/")

    def inbox(self, name: str, at: int) -> Ear:
        return self._open(name, at, "/ws/inbox/")

    def _open(self, name: str, at: int, path: str) -> Ear:
        self.ears.append(Ear(self.servers[at], path, self.people[name]["token"], self.names))
        return self.ears[-1]


def test_one_process_and_four_tell_the_same(desk: Desk) -> None:
    ada, ada_inbox = desk.chat("ada", 0), desk.inbox("ada", 1)
    sam_inbox, stella_inbox = desk.inbox("sam", 2), desk.inbox("stella", 3)
    heard: dict[Ear, list[tuple[str, Any]]] = {ear: [] for ear in (ada, ada_inbox, sam_inbox, stella_inbox)}

    def hears(*frames: tuple[str, Any]) -> None:
        """Ada hears it in the chat and in her inbox, and nobody else does."""
        for ear in (ada, ada_inbox):
            heard[ear] += frames
        with suppress(AssertionError):
            wait_for("frames", lambda: all(ear.heard == heard[ear] for ear in heard), 30)
        assert [ear.heard for ear in heard] == list(heard.values())

    assert [ear.ready["present"] for ear in heard] == [[], [], ["ada"], []]
    sam = desk.chat("sam", 1)
    assert sam.ready == {"present": ["ada"], "typing": []}
    hears(("sam", "online"))
    sam.say(type="typing", is_typing=True)
    hears(("sam", True))
    assert desk.inbox("ada", 3).ready == {"present": ["sam"], "typing": ["sam"]}
    sam.say(type="typing", is_typing=False)
    hears(("sam", False))

    second = desk.chat("sam", 3)
    hears(("sam", "online"))
    desk.note(2, "between the two")
    second.close()
    hears(("sam", "offline"), ("sam", "online"))

    desk.hand_over("stella")
    wait_for("sam to be out", lambda: sam.code, 30)
    heard[stella_inbox] = [("ada", "online")]
    # Who loses the chat may still be in it when it is told who is.
    wait_for("sam's leaving", lambda: ("sam", "offline") in stella_inbox.heard, 30)
    assert stella_inbox.heard.pop(stella_inbox.heard.index(("sam", "offline")))
    if ("sam", "online") in stella_inbox.heard:
        stella_inbox.heard.remove(("sam", "online"))
    hears(("sam", "offline"))
    stella = desk.chat("stella", 2)
    assert stella.ready["present"] == ["ada"]
    hears(("stella", "online"))
    stella.close()
    hears(("stella", "offline"))

    time.sleep(1)
    assert {ear: ear.heard for ear in heard} == heard
    assert (sam.code, ada.numbered, "chat_gone" in sam_inbox.others) == (4403, [], True)
    assert ada.seqs == list(range(ada.seqs[0], ada.seqs[-1] + 1))
    assert [desk.inbox("stella", at).ready["present"] for at in range(PROCESSES)] == [["ada"]] * PROCESSES


class TestCommitOrder:
    """Of two events of a chat, the one whose row was made first is committed last, while people come and go."""

    @pytest.fixture
    def stack(self, services: Stack) -> Stack:
        return services

    @pytest.fixture
    def crowd(self, desk: Desk) -> Iterator[None]:
        """Somebody opens the chat, types and leaves, on all servers in turn."""
        over = threading.Event()

        def come_and_go() -> None:
            for at in itertools.cycle(range(PROCESSES)):
                if over.is_set():
                    return
                visitor = desk.chat("sam", at)
                visitor.say(type="typing", is_typing=True)
                visitor.close()

        thread = threading.Thread(target=come_and_go, daemon=True)
        thread.start()
        yield
        over.set()
        thread.join(30)

    def test_nothing_is_skipped(self, desk: Desk, crowd: None) -> None:
        ear = desk.chat("ada", 0)
        since = desk.stack.database.value("SELECT last_seq FROM customers_customer WHERE id = %s", desk.customer)
        token = desk.people["ada"]["token"]
        screen = Screen(desk.servers[1], token, desk.customer, between=(1, 4), since=since)
        screen.start()
        with psycopg.connect(desk.stack.database.url, autocommit=True) as late:
            for number in range(LATE):
                commit_late(late, desk, number)
        desk.note(0, "the end")
        head = since + 2 * LATE + 1
        screen.quiet.set()
        wait_for("the screen to see everything", lambda: screen.last >= head, 60)
        wait_for("the ear to hear everything", lambda: ear.seqs[-1:] == [head], 60)
        screen.end()
        saw = screen.saw(head)
        assert (saw.missing, saw.doubled, saw.resyncs) == (0, 0, 0), saw
        assert saw.drops > 5
        assert ear.seqs == list(range(since + 1, head + 1))
        assert ear.heard.count(("sam", "online")) > 5
        assert ear.numbered == []


def commit_late(late: "psycopg.Connection[Any]", desk: Desk, number: int) -> None:
    """A transaction takes the id of an event; a request records another one; only then is the first committed."""
    with late.transaction():
        taken = "SELECT nextval(pg_get_serial_sequence('customers_event', 'id'))"
        row = late.execute(taken).fetchone()
        assert row is not None
        desk.note(number % PROCESSES, f"note {number}")
        seq = "UPDATE customers_customer SET last_seq = last_seq + 1 WHERE id = %s RETURNING last_seq"
        numbered = late.execute(seq, [desk.customer]).fetchone()
        assert numbered is not None
        late.execute(
            "INSERT INTO customers_event (id, customer_id, seq, type, data, created_at) "
            'VALUES (%s, %s, %s, \'tags_changed\', \'{"tags": [], "added": [], "removed": []}\', now())',
            [row[0], desk.customer, numbered[0]],
        )
