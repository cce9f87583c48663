"""Threads that write to SQLite are served in the order in which they asked."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction

from accounts.models import User
from core.db.patience import patience
from core.db.sqlite.write_queue import WriteQueue

only_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite has one writer")


def in_thread(work: Callable[[], Any]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_turns_are_granted_in_the_order_of_the_requests() -> None:
    turns, order = WriteQueue(), list[int]()
    turns.take(1)
    threads = []
    for number in range(5):
        threads.append(in_thread(lambda number=number: (turns.take(5), order.append(number), turns.give())))
        until(lambda number=number: len(turns._waiting) == number + 1)
    turns.give()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]
    assert turns.take(0)


def test_a_thread_that_waited_too_long_leaves_the_queue() -> None:
    turns = WriteQueue()
    assert turns.take(1)
    assert not turns.take(0.01)
    turns.give()
    assert turns.take(0)


@only_sqlite
@pytest.mark.django_db(transaction=True)
class TestWriters:
    @pytest.fixture
    def held(self, owner: User) -> Any:
        """A transaction in another thread stays open until `held.set()`."""
        began, over = threading.Event(), threading.Event()

        def hold() -> None:
            with transaction.atomic():
                User.objects.filter(pk=owner.pk).update(last_name="held")
                began.set()
                over.wait(10)

        thread = in_thread(hold)
        began.wait(5)
        yield over
        over.set()
        thread.join()

    def test_a_transaction_and_a_single_write_wait(self, held: Any, owner: User) -> None:
        def in_transaction() -> None:
            with transaction.atomic():
                User.objects.filter(pk=owner.pk).update(first_name="one")

        writers = [
            in_thread(in_transaction),
            in_thread(lambda: User.objects.filter(pk=owner.pk).update(email="two@desk.example")),
        ]
        assert User.objects.get(pk=owner.pk).last_name != "held", "readers do not wait"
        held.set()
        for writer in writers:
            writer.join()
        owner.refresh_from_db()
        assert (owner.last_name, owner.first_name, owner.email) == ("held", "one", "two@desk.example")

    def test_patience_ends(self, held: Any, owner: User) -> None:
        for write in (lambda: User.objects.update(first_name="x"), lambda: owner.save()):
            began = time.monotonic()
            with pytest.raises(OperationalError, match="database is locked"), patience(0.05):
                write()
            assert time.monotonic() - began < 5
        held.set()
        User.objects.filter(pk=owner.pk).update(first_name="x")

    def test_a_failure_returns_the_turn(self, owner: User) -> None:
        def fail() -> None:
            User.objects.update(first_name="x")
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError), transaction.atomic():
            fail()
        with pytest.raises(OperationalError), transaction.atomic():
            connection.cursor().execute("UPDATE nothing SET nothing = 1")
        with pytest.raises(OperationalError):
            connection.cursor().execute("UPDATE nothing SET nothing = 1")
        in_thread(lambda: User.objects.filter(pk=owner.pk).update(first_name="y")).join(5)
        owner.refresh_from_db()
        assert owner.first_name == "y"

    def test_closing_a_connection_in_a_transaction_returns_the_turn(self, owner: User) -> None:
        def give_up() -> None:
            transaction.set_autocommit(False)
            User.objects.update(first_name="x")

        in_thread(give_up).join()
        User.objects.filter(pk=owner.pk).update(first_name="y")
        owner.refresh_from_db()
        assert owner.first_name == "y"

    def test_no_thread_starves(self, owner: User) -> None:
        """While four threads write without a pause, a fifth soon gets its turn."""
        over = threading.Event()

        def write() -> None:
            while not over.is_set():
                with transaction.atomic():
                    User.objects.filter(pk=owner.pk).update(last_name="busy")
                    time.sleep(0.002)

        writers = [in_thread(write) for _ in range(4)]
        try:
            with patience(1):
                for number in range(30):
                    User.objects.filter(pk=owner.pk).update(first_name=str(number))
        finally:
            over.set()
            for writer in writers:
                writer.join()
