"""Patter with two chats, among all that can go wrong on the way to Graph, and a model of it that has to agree."""

import random
import socket
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import OperationalError
from django.utils import timezone
from rest_framework.test import APIClient

from core.timestamps import iso
from messaging.models import BusinessNumber, Message
from messaging.relay import unwritten
from messaging.relay.outbox import Outbox
from messaging.relay.unwritten import Unwritten
from tests.graph_double import GraphDouble
from tests.messaging.outage import database_away
from tests.messaging.sending_model import PROBE, Ending, Model, Sending
from tests.messaging.steps import store_outcomes

PHONES = ("94771234567", "94771234568")

# What Graph, or somebody on the way, answers, and what that means.
ANSWERS: list[tuple[dict[str, Any], Ending]] = [
    ({"kind": "throttle"}, Ending("throttled")),
    ({"kind": "throttle", "retry_after": 40}, Ending("throttled", 40)),
    ({"kind": "throttle", "retry_after": 86400}, Ending("throttled", 900)),
    ({"kind": "status", "status": 503}, Ending("again")),
    ({"kind": "status", "status": 500, "headers": {"Retry-After": "600"}}, Ending("again", 600)),
    ({"kind": "meta", "code": 131000, "status": 500}, Ending("again")),
    ({"kind": "meta", "code": 131056}, Ending("too many")),
    ({"kind": "meta", "code": 131026}, Ending("refused")),
    ({"kind": "status", "status": 401}, Ending("denied")),
    ({"kind": "status", "status": 407}, Ending("denied")),
    ({"kind": "status", "status": 502}, Ending("no answer")),
    ({"kind": "drop"}, Ending("no answer")),
    ({"kind": "take_and_drop"}, Ending("no answer")),
    ({"kind": "garbage"}, Ending("no answer")),
]
OK: tuple[dict[str, Any], Ending] = ({"kind": "ok"}, Ending("sent"))
NOT_BEGUN, NOBODY_KNOWS = Ending("not begun"), Ending("nobody knows")


class Death(BaseException):
    """The process dies: nothing that it would still do is done."""


class Script:
    """What Graph answers to each recipient, and whom it was asked for."""

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []

    def next(self, recipient: str) -> dict[str, Any]:
        self.asked.append(recipient)
        return self.answers[recipient]


class World:
    """Patter with two chats, a clock of its own, and the model beside it."""

    def __init__(
        self, owner: APIClient, chats: list[int], graph: GraphDouble, rng: random.Random, settings: Any, files: Path
    ) -> None:
        self.owner, self.chats, self.graph = owner, chats, graph
        self.rng, self.settings, self.files = rng, settings, files
        self.model = Model(timezone.now())
        self.script = Script()
        graph.faults = self.script  # type: ignore[assignment]
        self.taken = 0
        graph.accepted.clear()
        # Where the process dies next, and what the database answers to the commit of a claim.
        self.fatal, self.commit_lost = ("", 0), False
        self.old_files: list[tuple[str, str]] = []
        self.did: list[str] = []
        self.outbox = Outbox()
        self.restart(alone=True)

    def fault(self, point: str) -> None:
        """In place of the fault points of the code."""
        if point == "B1" and self.commit_lost:
            self.commit_lost = False
            raise OperationalError("the answer to the commit was lost")
        name, nth = self.fatal
        if point == name:
            self.fatal = (name, nth - 1)
            if nth == 1:
                raise Death

    def step(self) -> None:
        steps: list[Callable[[], None]] = [self.write, self.turn, self.wait, self.retry, self.store]
        rare = [self.foreign_settle, self.replay, lambda: self.restart(alone=self.rng.random() < 0.5)]
        self.rng.choices([*steps, *rare], [9, 12, 5, 3, 2, 1, 1, 1])[0]()
        self.check()

    def write(self) -> None:
        chat = self.rng.choice(self.chats)
        answer = self.owner.post("/api/messages/", {"customer": chat, "text": "hi"})
        assert answer.status_code == 201, answer.content
        pk = answer.json()["id"]
        self.did.append(f"write {pk} to {chat}")
        self.model.messages[pk] = Sending(pk, chat, self.model.now)

    def wait(self) -> None:
        seconds = self.rng.choice([1, 2, 5, 31, 61, 300, 900])
        self.did.append(f"wait {seconds}")
        self.model.now += timedelta(seconds=seconds)
        self.settle(everything=False)

    def retry(self) -> None:
        ended = sorted(one.pk for one in self.model.messages.values() if one.status in ("failed", "uncertain"))
        if not ended:
            return
        message = self.model.messages[self.rng.choice(ended)]
        self.did.append(f"retry {message.pk}")
        assert self.owner.post(f"/api/messages/{message.pk}/retry/").status_code == 200
        message.status, message.tries, message.waited, message.due = "queued", 0, 0, self.model.now
        message.again, message.taken, message.ending, message.doubtful = True, 0, None, False

    def turn(self, *, calm: bool = False) -> None:
        """One turn of a relay, in which anything may happen."""
        rng, model = self.rng, self.model
        answers = {chat: OK if calm or rng.random() < 0.4 else rng.choice(ANSWERS) for chat in self.chats}
        self.script.asked = []
        self.script.answers = {phone: answers[chat][0] for phone, chat in zip(PHONES, self.chats, strict=True)}
        trouble = "" if calm else rng.choices(["", "unreachable", "database", "commit", "death"], [11, 4, 5, 1, 4])[0]
        self.did.append(f"turn {trouble} {[answers[chat][0] for chat in self.chats]}")
        due, awake_but_unreachable = model.due(), model.kind == "unreachable"
        dead, started, claimed = self._let_relay_run(trouble)
        if trouble not in ("database", "commit", "death"):
            assert started == claimed
            assert len(claimed) == min(len(due), 1) if awake_but_unreachable else set(claimed) == due, (claimed, due)
        asked = [self.chats[PHONES.index(phone)] for phone in self.script.asked]
        assert len(asked) == len(set(asked)), "one at a time"
        rows = {row.pk: row for row in Message.objects.filter(pk__in=due)}
        for pk in [*started, *sorted(due - set(started))]:
            message, row = model.messages[pk], rows[pk]
            ending = answers[message.chat][1] if message.chat in asked else NOT_BEGUN
            if trouble == "unreachable" and pk in started:
                ending = Ending("unreachable")
            if row.status == "queued" and pk not in started:
                continue  # not claimed
            model.claim(message)
            if row.status != "sending":
                model.end(message, ending, row.not_before)
            elif not dead:
                assert trouble in ("database", "commit")
                message.ending = ending
            elif self.fatal[0] == "O3J" and pk == started[-1]:
                message.ending = ending  # it is on disk
        if dead:
            self.restart(alone=rng.random() < 0.5)

    def _let_relay_run(self, trouble: str) -> tuple[bool, list[int], list[int]]:
        """Whether the process died, the messages whose send began, and those that were claimed."""
        rng, started, jobs = self.rng, [], []
        self.fatal = (rng.choice(["B1", "O1", "O2", "O3", "O3J", "O4"]), rng.choice([1, 1, 2]))
        if trouble != "death":
            self.fatal = ("", 0)
        self.commit_lost = trouble == "commit"
        with ExitStack() as troubles:
            if trouble == "database":
                lasting, carried_out = rng.choice([0, 0, 3, 10**6]), rng.random() < 0.3
                away = database_away(rng.randrange(26), lasting=lasting, carried_out=carried_out)
                troubles.enter_context(away)
            if trouble == "unreachable":
                unused = troubles.enter_context(socket.socket())
                unused.bind(("127.0.0.1", 0))
                self.settings.WHATSAPP_GRAPH_URL = f"http://127.0.0.1:{unused.getsockname()[1]}"
            try:
                jobs = self.outbox.claim(10)
                for job in jobs:
                    started.append(job.message_id)
                    self.outbox.run(job)
            except OperationalError:
                assert trouble == "database"
            except Death:
                return True, started, [job.message_id for job in jobs]
            finally:
                self.settings.WHATSAPP_GRAPH_URL, self.commit_lost = self.graph.url, False
        return False, started, [job.message_id for job in jobs]

    def store(self, *, calm: bool = False) -> None:
        """The relay offers the database again what it did not take."""
        away = not calm and self.rng.random() < 0.3
        self.did.append(f"store {'while it is away' if away else ''}")
        if away:
            with database_away():
                store_outcomes()
            return
        kept = [entry.job.message_id for entry in unwritten._entries.values()]
        store_outcomes()
        rows = {row.pk: row for row in Message.objects.filter(pk__in=kept)}
        for pk in kept:
            message = self.model.messages[pk]
            if message.ending is not None:
                self.model.end(message, message.ending, rows[pk].not_before)

    def settle(self, *, everything: bool) -> None:
        """A relay gives up what others had claimed and left behind."""
        self.outbox.settle(everything=everything)
        for message in self.model.messages.values():
            over = everything or (message.lease is not None and message.lease < self.model.now)
            if message.status == "sending" and message.ending is None and over:
                self.model.end(message, NOBODY_KNOWS, message.due)

    def foreign_settle(self) -> None:
        """A relay of another machine does so, which sees neither our memory nor our files."""
        self.did.append("settle elsewhere")
        ours = dict(unwritten._entries)
        unwritten.forget_all()
        Outbox().settle(everything=False)
        unwritten._entries.update(ours)
        for message in self.model.messages.values():
            if message.status == "sending" and message.lease is not None and message.lease < self.model.now:
                ending, probe = message.ending, message.probe
                self.model.end(message, NOBODY_KNOWS, message.due)
                message.ending, message.probe = ending, probe and ending is not None

    def replay(self) -> None:
        """A file that was stored long ago turns up again."""
        self.did.append("replay")
        if self.old_files:
            name, text = self.rng.choice(self.old_files)
            (self.files / name).write_text(text)
            Unwritten().settle(everything=False)
        self.store()

    def restart(self, *, alone: bool) -> None:
        """The process is gone, with all that it knew, and another one starts, or takes over what it left."""
        self.did.append(f"restart{' alone' if alone else ''}")
        unwritten.forget_all()
        self.outbox = Outbox()
        Unwritten().settle(everything=alone)
        self.settle(everything=alone)

    def end_well(self) -> None:
        """Nothing goes wrong any more: everything comes to an end."""
        self.restart(alone=True)
        while any(one.unfinished for one in self.model.messages.values()):
            self.store(calm=True)
            self.turn(calm=True)
            self.check()
            if not self.model.due():
                self.model.now += timedelta(seconds=61)

    def check(self) -> None:
        model = self.model
        self._count_what_graph_took()
        number = BusinessNumber.objects.get()
        if model.kind == "unreachable":
            # Whether a try that did not begin lets the next one begin at once depends on what the database took.
            assert number.paused_until is not None
            assert number.paused_until <= model.now + timedelta(seconds=PROBE)
            model.until = number.paused_until
        assert number.paused_until == model.until
        assert (number.pause_kind == "unreachable") == (model.kind == "unreachable")
        assert model.awake or number.pause_kind == model.kind
        answer = self.owner.get("/api/messages/?page_size=100")
        assert answer.status_code == 200, answer.content
        rows = {row["id"]: row for row in answer.json()["results"]}
        for message in Message.objects.filter(direction="outbound"):
            expected = model.messages[message.pk]
            found = (message.status, message.attempts - (message.status == "sending"))
            assert found == (expected.status, expected.tries), (message.pk, found, expected)
            assert expected.taken == {"queued": 0, "sent": 1, "failed": 0}.get(expected.status, expected.taken)
            assert expected.status != "uncertain" or expected.doubtful
            waiting = model.waiting(expected) if expected.status == "queued" else None
            shown = rows[message.pk]["waiting"]
            assert (shown and (shown["code"], shown["until"])) == (waiting and (waiting[0], iso(waiting[1]))), expected

    def _count_what_graph_took(self) -> None:
        """Never twice unless a person sends it again, and those of a chat in their order."""
        for body in self.graph.bodies[self.taken :]:
            message = self.model.messages[int(body["biz_opaque_callback_data"])]
            message.taken += 1
            assert message.taken == 1, f"{message.pk} was sent twice"
            later = [one for one in self.model.messages.values() if one.chat == message.chat and one.pk > message.pk]
            assert message.again or not any(one.taken for one in later), f"{message.pk} was overtaken"
        self.taken = len(self.graph.bodies)
