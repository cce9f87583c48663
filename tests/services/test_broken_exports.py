"""PostgreSQL ends the sessions of an export in its middle: what arrives is cut off, or whole, and says which."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import httpx
import pytest

from tests.services.harness import Stack
from tests.services.meta import Meta
from tests.services.pgbouncer import fill
from tests.services.sending import meet

CUSTOMERS = 20_000
END = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid() AND (query LIKE 'FETCH%%' OR query LIKE '%%contacts_contact%%')"
)


def telling(begun: Event, parts: Iterator[bytes]) -> Iterator[bytes]:
    for part in parts:
        if b"CUST0" in part:  # before the first customer there is no middle
            begun.set()
        yield part


@pytest.mark.parametrize("path", ["/api/customers/customers/export/", "/api/customers-with-contacts/"])
def test_what_breaks_in_the_middle_never_looks_whole(services: Stack, path: str) -> None:
    server, _ = services.start()
    meet(services, Meta([server.url]), 1)
    fill(services, CUSTOMERS)
    url, headers = server.url + path, {"Authorization": f"Bearer {services.admin_token}"}
    begun, over, got = Event(), Event(), []

    def cut() -> int:
        begun.wait(60)
        ended = 0
        while not over.is_set():
            ended += services.database.value(END)
        return ended

    with ThreadPoolExecutor(1) as pool, httpx.stream("GET", url, headers=headers, timeout=60) as answer:
        cutting = pool.submit(cut)
        assert answer.status_code == 200
        try:
            with pytest.raises(httpx.RemoteProtocolError):
                got.extend(telling(begun, answer.iter_bytes()))
        finally:
            begun.set()
            over.set()
        assert cutting.result() > 0
    assert 0 < b"".join(got).count(b"CUST0") < CUSTOMERS

    assert httpx.get(url, headers=headers, timeout=60).text.count("CUST0") >= CUSTOMERS
