"""Hashing passwords: slow on purpose, so at most one runs for each core of this process at a time."""

import os
import threading

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from rest_framework.exceptions import APIException

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
# For how many seconds a hash waits for its turn. One takes about half a second.
PATIENCE = 10.0

_turns = threading.BoundedSemaphore(CORES)


class HashingBusy(APIException):
    """Too many passwords are being hashed. Nothing was decided about this one."""

    status_code = 503
    default_code = "busy"
    default_detail = "Too many people are signing in at the moment. Please try again in a few seconds."
    wait = 5  # seconds; DRF makes it the Retry-After


class OneForEachCore(PBKDF2PasswordHasher):
    """Django's own hasher, behind a queue. Do not hash in a transaction: its locks would be held while you wait."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Raises HashingBusy if no turn comes in time."""
        if not _turns.acquire(timeout=PATIENCE):
            raise HashingBusy
        try:
            return super().encode(password, salt, iterations)
        finally:
            _turns.release()
