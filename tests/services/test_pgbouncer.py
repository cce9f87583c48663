"""Behind PgBouncer in transaction mode nothing fails. `python -m benchmarks.soak pgbouncer` is the full size."""

import shutil
from collections.abc import Callable

import pytest

from tests.services.harness import Stack, wait_for
from tests.services.pgbouncer import ask, put_between

pytestmark = pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="pgbouncer is not installed")


def test_webhooks_sends_and_exports(services: Stack) -> None:
    put_between(services)
    through = ask(services, webhooks=120, sends=12, exports=12, customers=2_500)
    assert through.wrong == [], through.answers


def test_one_process_holds_its_lock_through_it(make_stack: Callable[[str], Stack]) -> None:
    stack = make_stack("services")
    put_between(stack)
    stack.env["REDIS_URL"] = ""
    first = stack.server()
    first.start()
    second = stack.server()
    second.launch()
    wait_for("the second one to be refused", lambda: not second.alive, 60)
    assert "Another Patter runs on this database" in second.output()
    first.stop()
    second.start()
