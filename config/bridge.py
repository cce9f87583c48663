"""Django's synchronous application in a thread pool, under ASGI.

a2wsgi's own middleware crosses between the thread and the event loop four times a request: for the body, the status,
the content and the end. Here the body is there when the view starts, and an answer that is whole goes back with the
thread's result, so it is once (what that gives: decision 001).
"""

import asyncio
import contextvars
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, Protocol

from a2wsgi.wsgi import build_environ

from config.asgi_types import Message, Scope, Send

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class WSGIApplication(Protocol):
    """A WSGI application whose answers say whether they are streamed, as Django's do."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any: ...


class Bridge:
    """Runs a WSGI application for requests whose bodies were read before."""

    def __init__(self, application: WSGIApplication, threads: int) -> None:
        self.application = application
        self.executor = ThreadPoolExecutor(threads, thread_name_prefix="http")

    async def __call__(self, scope: Scope, body: IO[bytes], send: Send) -> None:
        loop = asyncio.get_running_loop()

        def stream(message: Message) -> None:
            """Send from the thread; waits until the client has room for more."""
            asyncio.run_coroutine_threadsafe(_sent(send, message), loop).result()

        environ: Any = build_environ(scope, body)  # type: ignore[arg-type]
        work = contextvars.copy_context().run
        for message in await loop.run_in_executor(self.executor, work, self._answer, environ, stream):
            await send(message)

    def _answer(self, environ: Environ, stream: Callable[[Message], None]) -> Iterable[Message]:
        """Run the view; return what is still to be sent, or stream it."""
        head: Message = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            encoded = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers]
            head.update(type="http.response.start", status=int(status.split(" ", 1)[0]), headers=encoded)

        response = self.application(environ, start_response)
        try:
            if not response.streaming:
                return head, {"type": "http.response.body", "body": b"".join(response)}
            stream(head)
            for chunk in response:
                stream({"type": "http.response.body", "body": chunk, "more_body": True})
            return ({"type": "http.response.body", "body": b""},)
        finally:
            response.close()


async def _sent(send: Send, message: Message) -> None:
    await send(message)
