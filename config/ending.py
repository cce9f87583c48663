"""How a server ends when it is told to: by which signals, and without dropping a request that has just arrived."""

import asyncio
import signal
import threading
from types import FrameType

import uvicorn

# How long whoever has just connected may take to send the head of a request.
SPEAK_SECONDS = 0.3


def end_on_hangup() -> None:
    """Let SIGHUP, which comes when a terminal is closed, end the server as SIGTERM does: it would be killed half-way.

    Whoever has it ignored (nohup) or handles it wants something else.
    """
    if _in_main_thread() and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


def hear_who_has_connected() -> None:
    """On SIGTERM, accept no more connections, and let uvicorn end a moment later.

    It drops connections on which nothing has been read yet. With restarts, one call in some hundreds is on such a
    connection, and a proxy does not send it twice if it changes something.
    """
    if not _in_main_thread():  # no other may set it
        return
    uvicorns = signal.getsignal(signal.SIGTERM)
    server = getattr(uvicorns, "__self__", None)
    if not callable(uvicorns) or not isinstance(server, uvicorn.Server):
        return
    loop = asyncio.get_running_loop()
    told = False

    def end(signum: int, frame: FrameType | None) -> None:
        nonlocal told
        if told:  # uvicorn then ends at once
            uvicorns(signum, frame)
        told = True
        loop.call_soon_threadsafe(close, signum)

    def close(signum: int) -> None:
        for listening in server.servers:
            listening.close()
        loop.call_later(SPEAK_SECONDS, uvicorns, signum, None)

    signal.signal(signal.SIGTERM, end)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
