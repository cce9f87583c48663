"""How many threads may wait for a locked row, how long others do, and that a crowd without a lock passes."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction

from core.db import queues
from core.db.patience import COMMANDS, use_in_process
from core.db.queues import ROOM, ROOM_IN_ALL
from customers.actions.locking import lock, lock_all
from customers.models import Customer
from tests.core.rivals import holding, limited

pytestmark = [
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="On SQLite writers wait for the turn to write"),
    pytest.mark.django_db(transaction=True),
]

# Long enough to tell those who wait as long as they may from the others.
LIMIT = 2.0


@pytest.fixture(autouse=True)
def _limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(queues, "SHORT_SECONDS", 0.3)  # as in production; other tests wait longer
    with limited(lock=LIMIT):
        yield


def take(customer_id: int, seconds: float = 0) -> None:
    with transaction.atomic():
        lock(customer_id)
        time.sleep(seconds)


def at_once(tasks: list[Callable[[], Any]], apart: float = 0.0) -> list[tuple[float, bool]]:
    """Run each task in a thread of its own; for how long each went on, and whether it got its lock, sorted."""
    answers: list[tuple[float, bool]] = []

    def run(task: Callable[[], Any]) -> None:
        began, got = time.monotonic(), True
        try:
            task()
        except OperationalError:
            got = False
        finally:
            answers.append((time.monotonic() - began, got))
            connections.close_all()

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
        time.sleep(apart)
    for thread in threads:
        thread.join()
    return sorted(answers)


def patient(answers: list[tuple[float, bool]]) -> list[bool]:
    """Whether each of them got its lock, for those who waited as long as they may."""
    return [got for took, got in answers if took > LIMIT / 2]


@pytest.mark.parametrize("how", [take, lambda pk: lock_all_in_transaction([pk])])
def test_only_a_few_wait_for_a_customer_who_is_held(customer: Customer, how: Callable[[int], None]) -> None:
    with holding("customers_customer", customer.pk):
        answers = at_once([lambda: how(customer.pk)] * 10)
        assert not any(got for _, got in answers)
        assert len(patient(answers)) == ROOM
    take(customer.pk)


def test_latecomers_are_refused_at_once(customer: Customer) -> None:
    with holding("customers_customer", customer.pk):
        answers = at_once([lambda: take(customer.pk)] * 9, apart=0.2)
    assert len(patient(answers)) == ROOM
    # The first of them found out; in time with the pause between them, the rest came later than that.
    assert answers[0][0] < 0.2, answers


def test_waiting_for_many_customers_leaves_threads_for_others(customer: Customer, owner: Any) -> None:
    held = [Customer.objects.create(first_name=f"Held {number}") for number in range(6)]
    with ExitStack() as rivals:
        for one in held:
            rivals.enter_context(holding("customers_customer", one.pk))
        answers = at_once([lambda pk=one.pk: take(pk) for one in held] + [lambda: take(customer.pk)])
        assert len(patient(answers)) == ROOM_IN_ALL
        assert sum(got for _, got in answers) == 1, "nobody holds the last one"


def test_a_crowd_at_one_customer_passes(customer: Customer) -> None:
    """Together they take longer than anybody may wait for one who does not let go."""
    answers = at_once([lambda: take(customer.pk, 0.06)] * 16)
    assert all(got for _, got in answers), answers
    assert answers[-1][0] > 0.8


def test_what_was_done_before_the_wait_is_kept(customer: Customer) -> None:
    """Whoever waits in several parts still has one transaction."""
    other = Customer.objects.create(first_name="Other")

    def rename() -> None:
        with transaction.atomic():
            Customer.objects.filter(pk=other.pk).update(first_name="Renamed")
            take(customer.pk, 0.06)

    assert all(got for _, got in at_once([lambda: take(customer.pk, 0.06)] * 10 + [rename]))
    other.refresh_from_db()
    assert other.first_name == "Renamed"


def test_commands_wait_as_long_as_it_takes(customer: Customer) -> None:
    use_in_process(COMMANDS)
    connection.close()
    free = threading.Event()

    def hold() -> None:
        with holding("customers_customer", customer.pk):
            free.wait()

    held = threading.Thread(target=hold)
    held.start()
    threading.Timer(1, free.set).start()
    assert all(got for _, got in at_once([lambda: take(customer.pk)] * 6))
    held.join()


def lock_all_in_transaction(ids: list[int]) -> None:
    with transaction.atomic():
        lock_all(ids)
