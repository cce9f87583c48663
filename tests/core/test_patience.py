"""How long statements wait for locks, and that the limits come with the transaction where a pooler needs it."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, OperationalError, connection, connections, transaction

from core.db.compiled import prepared_cursor
from core.db.failures import Trouble, trouble_of, waited_in_vain
from core.db.patience import COMMANDS, RELAY, Waits, patience, process_waits, requests, use_in_process, use_in_thread
from customers.actions.locking import lock
from customers.models import Customer
from tests.core.rivals import holding

pytestmark = [
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL's limits"),
    pytest.mark.django_db(transaction=True),
]

QUICK = Waits(lock=0.2, statement=20, idle=20)


@pytest.fixture(autouse=True)
def _fresh_connection() -> Iterator[None]:
    """The limits of a connection are given when it opens."""
    before = process_waits()
    use_in_process(COMMANDS)
    connection.close()
    yield
    use_in_process(before)
    backend: Any = connection
    backend.waits = None
    connection.close()


@pytest.fixture(params=["direct", "pooler"])
def way(request: pytest.FixtureRequest, settings: Any) -> str:
    """With the limits in the connection, and with those in each transaction."""
    settings.DATABASE_POOLER = None if request.param == "direct" else "transaction"
    return str(request.param)


def limits() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('lock_timeout'), current_setting('statement_timeout'), "
            "current_setting('idle_in_transaction_session_timeout')"
        )
        row: tuple[str, ...] = cursor.fetchone()
        return row


def test_requests_have_the_limits_of_the_settings_and_commands_have_none(settings: Any) -> None:
    assert limits() == ("0", "0", "0")
    settings.LOCK_TIMEOUT, settings.STATEMENT_TIMEOUT, settings.IDLE_IN_TRANSACTION_TIMEOUT = 1.5, 20.0, 50.0
    use_in_process(requests())
    connection.close()
    assert limits() == ("1500ms", "20s", "50s")


def test_the_limits_of_a_transaction_follow_whoever_uses_the_connection(way: str) -> None:
    use_in_process(QUICK)
    with transaction.atomic():
        assert limits() == ("200ms", "20s", "20s")
        with patience(5), transaction.atomic():
            assert limits()[0] == "200ms", "a savepoint keeps what the transaction began with"
    with patience(5), transaction.atomic():
        assert limits()[0] == "5s"
    use_in_thread(RELAY)
    with transaction.atomic():
        assert limits() == ("1s", "1min", "1min")
    if way == "pooler":
        assert limits() == ("0", "0", "0"), "a session that others get, too, keeps no limit"


def test_a_row_that_somebody_holds_is_waited_for_only_so_long(way: str, customer: Customer) -> None:
    use_in_process(QUICK)
    with holding("customers_customer", customer.pk):
        began = time.monotonic()
        with pytest.raises(OperationalError) as locked, transaction.atomic():
            lock(customer.pk)
        assert time.monotonic() - began < 5
        assert waited_in_vain(locked.value)
        # Outside a transaction, too.
        with pytest.raises(OperationalError) as busy:
            Customer.objects.filter(pk=customer.pk).update(first_name="Jim")
        assert trouble_of(busy.value) is Trouble.BUSY
        assert connection.get_autocommit()
        assert Customer.objects.get(pk=customer.pk).first_name == "John"
    Customer.objects.filter(pk=customer.pk).update(first_name="Jim")
    customer.refresh_from_db()
    assert customer.first_name == "Jim"


def test_a_prepared_write_waits_only_so_long(way: str, customer: Customer) -> None:
    """As the webhook stores what came: one statement, outside a transaction."""
    sql, given = "UPDATE customers_customer SET last_name = %s WHERE id = %s", ["Fry", customer.pk]
    use_in_process(QUICK)
    for _ in range(8):
        with prepared_cursor() as cursor:
            cursor.execute(sql, given)
    with patience(0.1), holding("customers_customer", customer.pk):
        began = time.monotonic()
        with pytest.raises(OperationalError) as busy, prepared_cursor() as cursor:
            cursor.execute(sql, given)
        assert time.monotonic() - began < 5
        assert trouble_of(busy.value) is Trouble.BUSY
    with patience(5), prepared_cursor() as cursor:
        cursor.execute(sql, ["Frost", customer.pk])
    assert connection.get_autocommit()
    customer.refresh_from_db()
    assert customer.last_name == "Frost"
    if way == "pooler":
        assert limits() == ("0", "0", "0")


def test_the_place_in_the_queue_and_the_row_together_take_no_longer(customer: Customer) -> None:
    """Whoever comes second waits for the first and then for the row: twice `lock_timeout`, without another limit."""
    use_in_process(Waits(lock=1, statement=20, idle=20))
    took: list[float] = []

    def try_to_lock(after: float) -> None:
        time.sleep(after)
        began = time.monotonic()
        try:
            with pytest.raises(OperationalError), transaction.atomic():
                lock(customer.pk)
        finally:
            took.append(time.monotonic() - began)
            connections.close_all()

    with holding("customers_customer", customer.pk):
        threads = [threading.Thread(target=try_to_lock, args=(n * 0.1,)) for n in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(took) == 5
    assert max(took) < 1.9, took


def test_the_limit_of_a_lock_is_not_that_of_what_follows(customer: Customer, way: str) -> None:
    use_in_process(QUICK)
    with transaction.atomic():
        assert lock(customer.pk) == customer
        assert limits()[1] == "20s"


def test_a_statement_is_cut_off(way: str) -> None:
    use_in_process(Waits(lock=0, statement=0.1, idle=0))
    with pytest.raises(OperationalError) as cut, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(30)")
    assert trouble_of(cut.value) is Trouble.BUSY


def test_a_transaction_in_which_nothing_happens_ends(customer: Customer) -> None:
    use_in_process(Waits(lock=0, statement=0, idle=0.1))
    with pytest.raises(DatabaseError) as ended, transaction.atomic():  # noqa: PT012
        lock(customer.pk)
        time.sleep(0.5)
        lock(customer.pk)
    assert trouble_of(ended.value) is Trouble.AWAY
    connection.close()
    use_in_process(COMMANDS)
    assert Customer.objects.get(pk=customer.pk) == customer


def test_a_connection_that_the_server_closed_is_known_without_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    monkeypatch.setattr(type(connection.connection), "execute", None)
    assert connection.is_usable()
    monkeypatch.undo()
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
    monkeypatch.setattr(type(connection.connection), "execute", None)
    assert not connection.is_usable()


@pytest.mark.usefixtures("way")
def test_after_an_error_the_server_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    connection.errors_occurred = True
    assert connection.is_usable()
    monkeypatch.setattr(psycopg.Connection, "execute", lambda *_, **__: (_ for _ in ()).throw(psycopg.Error))
    assert not connection.is_usable()


def test_a_connection_that_may_only_read_is_not_used_again() -> None:
    connection.ensure_connection()
    assert connection.is_usable()
    connection.connection.execute("SET default_transaction_read_only = on", prepare=False)
    assert not connection.is_usable()
    connection.connection.close()
    assert not connection.is_usable()


def test_the_limits_do_not_replace_options_of_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    use_in_process(QUICK)
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", "-c application_name=desk -c lock_timeout=7000")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('application_name')")
        assert cursor.fetchone()[0] == "desk"
    assert limits() == ("7s", "20s", "20s"), "theirs come last"


def test_lists_are_planned_for_rows_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the operator knows better."""
    assert planning() == ("off", "1.1")
    connection.close()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", "-c random_page_cost=4")
    assert planning() == ("off", "4")


def planning() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('jit'), current_setting('random_page_cost')")
        row: tuple[str, str] = cursor.fetchone()
    return row


def test_the_limits_cost_no_round_trip(customer: Customer, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Behind a pooler too: they travel in the message that begins the transaction."""
    settings.DATABASE_POOLER = "transaction"
    use_in_process(QUICK)
    connection.ensure_connection()
    sent: list[Any] = []
    plain = psycopg.Connection.wait

    def counting(self: Any, gen: Any, *args: Any, **options: Any) -> Any:
        sent.append(gen)
        return plain(self, gen, *args, **options)

    monkeypatch.setattr(psycopg.Connection, "wait", counting)
    with transaction.atomic():
        lock(customer.pk)
    assert len(sent) <= 4, "BEGIN, SELECT, COMMIT, and one that sends nothing"
