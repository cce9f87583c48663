"""Fault points: places where a crash test can make the process die, sleep or fail.

They are active only if PATTER_FAULT is set in the environment, to `NAME:ACTION[:N]`. At the Nth pass (default: the
first) of the point NAME the process is killed (`kill`), raises InjectedFault (`raise`) or sleeps an hour (`sleep`).

    W1   the body of a webhook has been read          W2   its signature has been checked
    W3   an element is handled but not committed      W4   all of it is done, Meta has no answer yet
    P1   a relay has claimed a webhook                P2   half of the elements have been handled
    B1   a batch is claimed, the file of departures does not say so yet
    O1   a relay has claimed a message                O1U  the file of the message has been uploaded
    O2   Meta has answered, the answer is not read    O3   the answer has been read
    O3J  the outcome is written down, not committed   O4   the outcome has been committed
    M1   a part of a customer's file has been fetched
    V1   a file is converted, not stored              V2   it is stored and committed
    F1   an upload is stored, its row not committed   F2   a deletion is committed, the file is still there
    L1   a batch of customers has been handed over    C1   a chore has done a part of its work
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
    """Raised at a fault point whose action is `raise`."""


def fault(name: str) -> None:
    """Mark a fault point. Does nothing unless PATTER_FAULT names it."""
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
