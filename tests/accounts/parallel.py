"""Runs functions in threads at the same moment, each with its own database connection."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def in_parallel(times: int, act: Callable[[], T]) -> list[T]:
    return all_in_parallel([act] * times)


def all_in_parallel(acts: list[Callable[[], T]]) -> list[T]:
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> T:
        connection.ensure_connection()
        gate.wait(timeout=10)
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
