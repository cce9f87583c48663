"""How connections end: by which signals all of them do, without dropping a request, and when a client is dead."""

import asyncio
import signal
import threading
from types import FrameType

import uvicorn

# How long whoever has just connected may take to send the head of a request.
SPEAK_SECONDS = 0.3
# How often a socket's client is asked whether it lives, and how long it may take to answer. After both it is gone, and
# with it the person whom others see in the chat: within 30 s.
ASK_SECONDS = ANSWER_SECONDS = 12.0


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
    server = _server_of(uvicorns)
    if not callable(uvicorns) or server is None:
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


def notice_dead_clients() -> None:
    """Let uvicorn close the sockets of dead clients sooner than the 40 s it takes by itself.

    However it was started: it can be told on the command line, too, and shorter times stay. Call this before
    `hear_who_has_connected`, which takes the signal by which uvicorn is found.
    """
    if (server := _server_of(signal.getsignal(signal.SIGTERM))) is not None:
        config = server.config
        config.ws_ping_interval = min(config.ws_ping_interval or ASK_SECONDS, ASK_SECONDS)
        config.ws_ping_timeout = min(config.ws_ping_timeout or ANSWER_SECONDS, ANSWER_SECONDS)


def _server_of(handler: object) -> uvicorn.Server | None:
    server = getattr(handler, "__self__", None)
    return server if isinstance(server, uvicorn.Server) else None


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
