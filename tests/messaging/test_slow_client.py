"""Frames to a client that does not keep up: in order, a bounded number, and none lost while there is room."""

import asyncio
from typing import Any

import pytest

from messaging.consumers.frame_writer import FrameWriter


class Client:
    """Takes frames while it has room."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.room = asyncio.Event()
        self.gone = False
        self.tasks: list[asyncio.Task[None]] = []
        self.outgoing = FrameWriter(self.send, self.start, 3)

    async def send(self, text: str) -> None:
        await self.room.wait()
        if self.gone:
            raise OSError("gone")
        self.got.append(text)

    def start(self, work: Any) -> "asyncio.Task[None]":
        self.tasks.append(asyncio.ensure_future(work))
        return self.tasks[-1]


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_client_with_room_is_written_to_at_once() -> None:
    async def run() -> None:
        client = Client()
        client.room.set()
        client.outgoing.put_nowait("1")
        await client.outgoing.put("2")
        assert client.got == ["1", "2"]
        assert client.tasks == []

    asyncio.run(run())


def test_frames_wait_in_order_as_long_as_there_is_room() -> None:
    async def run() -> None:
        client = Client()
        for text in "1234":  # one on its way, three behind it
            client.outgoing.put_nowait(text)
        with pytest.raises(asyncio.QueueFull):
            client.outgoing.put_nowait("too many")
        await settle()
        assert client.got == []
        client.room.set()
        await settle()
        client.outgoing.put_nowait("5")
        assert client.got == ["1", "2", "3", "4", "5"]

    asyncio.run(run())


def test_the_log_waits_for_room_instead_of_overrunning_the_client() -> None:
    async def run() -> None:
        client = Client()
        texts = [str(number) for number in range(20)]

        async def replay() -> None:
            for text in texts:
                await client.outgoing.put(text)

        replaying = asyncio.create_task(replay())
        await settle()
        assert not replaying.done()
        client.room.set()
        await asyncio.wait_for(replaying, 1)
        await settle()
        assert client.got == texts
        client.room.clear()
        client.outgoing.put_nowait("slow again")
        client.room.set()
        await settle()
        assert client.got == [*texts, "slow again"]

    asyncio.run(run())


def test_a_client_that_is_gone_is_left_alone() -> None:
    async def run() -> None:
        client = Client()
        client.outgoing.put_nowait("1")
        client.outgoing.put_nowait("2")
        client.gone = True
        client.room.set()
        await asyncio.gather(*client.tasks)
        assert client.got == []

    asyncio.run(run())
