"""Fault points: places where a crash test makes the process die, sleep or fail.

Active only with PATTER_FAULT in the environment, as `NAME:ACTION[:N]`: at the Nth passage (default
the first) of point NAME, ACTION is `kill` (SIGKILL), `raise`, or `sleep` (one hour).
The names are those of reference/reliability.md, section 3.
"""

import os
import signal
import threading
import time

_spec = os.environ.get("PATTER_FAULT", "")
_name, _action, _nth = ([*_spec.split(":"), "", ""])[:3]
_passages = 0
_lock = threading.Lock()


class InjectedFault(Exception):
    """Raised at a fault point that the environment told to raise."""


def fault(name: str) -> None:
    """Mark a fault point; does nothing unless PATTER_FAULT names it."""
    if not _name or name != _name:
        return
    global _passages
    with _lock:
        _passages += 1
        if _passages != int(_nth or 1):
            return
    if _action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif _action == "sleep":
        time.sleep(3600)
    else:
        raise InjectedFault(name)
