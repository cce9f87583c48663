"""Hashing passwords: slow on purpose, so at most one runs for each core of this process at a time, behind all else."""

import logging
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from rest_framework.exceptions import APIException

logger = logging.getLogger("patter")

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
# For how many seconds a hash waits for its turn. One takes about half a second.
PATIENCE = 10.0
# While others want the core, a hash gets a fifth of it.
NICENESS = 6


class HashingBusy(APIException):
    """Too many passwords are being hashed. Nothing was decided about this one."""

    status_code = 503
    default_code = "busy"
    default_detail = "Too many people are signing in at the moment. Please try again in a few seconds."
    wait = 5  # seconds; DRF makes it the Retry-After


def _step_back() -> None:
    """Let this thread wait for all others. On Linux each has a priority of its own; elsewhere only the process has."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        try:
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS)
        except OSError as error:  # a sandbox forbids it
            logger.warning("hashing passwords takes the cores from everything else: %s", error)


_pool = ThreadPoolExecutor(CORES, thread_name_prefix="hashes", initializer=_step_back)


class OneForEachCore(PBKDF2PasswordHasher):
    """Django's own hasher, behind a queue. Do not hash in a transaction: its locks would be held while you wait."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Raises HashingBusy if no turn comes in time."""
        hashing = _pool.submit(super().encode, password, salt, iterations)
        try:
            return hashing.result(PATIENCE)
        except TimeoutError:
            if hashing.cancel():
                raise HashingBusy
            return hashing.result()  # its turn has come, so it will not be long
