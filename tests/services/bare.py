"""`python -m tests.services.bare PORT`: a server that does nothing but answer.

The time it takes is what the machine and the client cost: the floor of what Patter can reach in the same run.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.services.harness import ROOT, free_port, listens, wait_for

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Bare(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.write(ANSWER)


@contextmanager
def bare_server() -> Iterator[int]:
    """Run one during the block; it gets the port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.services.bare", str(port)], cwd=ROOT)
    try:
        wait_for("the bare server", lambda: listens(port))
        yield port
    finally:
        process.kill()
        process.wait()


async def main(port: int) -> None:
    await (await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port)).serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
