"""The hub: what it is subscribed to, whoever comes and goes."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from core.live import hub, publishing
from core.live.hub import Hint, Hub
from core.live.publishing import attach, publish


class Ear:
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def deliver(self, group: str, event: Hint) -> None:
        self.heard.append(event["type"])


class SlowLayer:
    """A layer that takes its time over subscriptions, and can be out of reach."""

    def __init__(self) -> None:
        self.groups: dict[str, set[str]] = {}
        self.queues: dict[str, asyncio.Queue[Any]] = {}
        self.away = False

    async def _work(self) -> None:
        await asyncio.sleep(0.01)
        if self.away:
            raise ConnectionError("away")

    async def new_channel(self) -> str:
        await self._work()
        name = f"c{len(self.queues)}"
        self.queues[name] = asyncio.Queue()
        return name

    async def receive(self, channel: str) -> Any:
        return await self.queues[channel].get()

    async def group_add(self, group: str, channel: str) -> None:
        await self._work()
        self.groups.setdefault(group, set()).add(channel)

    async def group_discard(self, group: str, channel: str) -> None:
        await self._work()
        self.groups.get(group, set()).discard(channel)

    async def group_send(self, group: str, message: Any) -> None:
        for channel in self.groups.get(group, ()):
            self.queues[channel].put_nowait(message)


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> SlowLayer:
    slow = SlowLayer()
    for module in (hub, publishing):
        monkeypatch.setattr(module, "channel_layer", lambda: slow)
    return slow


@pytest.fixture
def with_hub() -> Callable[[Callable[[Hub], Coroutine[Any, Any, None]]], None]:
    """Run something with a hub of its own, and end the hub's task."""

    def run(scenario: Callable[[Hub], Coroutine[Any, Any, None]]) -> None:
        async def scene() -> None:
            hub = Hub()
            try:
                await asyncio.wait_for(scenario(hub), 20)
            finally:
                if hub._task is not None:
                    hub._task.cancel()

        asyncio.run(scene())

    return run


async def tell(group: str, type: str = "hello") -> None:
    await publishing._send(group, {"type": type})
    await asyncio.sleep(0.02)


@pytest.mark.parametrize("pause", [0, 0.005, 0.015])
def test_who_comes_while_the_last_one_leaves_hears_everything(layer: SlowLayer, with_hub: Any, pause: float) -> None:
    """A page that is loaded again: the old socket closes as the new one opens."""

    async def scenario(hub: Hub) -> None:
        old, new, other = Ear(), Ear(), Ear()
        await hub.join("chat", old)
        await hub.join("other", other)
        hub.leave("other", other)
        hub.leave("chat", old)
        await asyncio.sleep(pause)
        await hub.join("chat", new)
        await asyncio.sleep(0.1)
        await tell("chat")
        assert new.heard == ["hello"]
        assert layer.groups["other"] == set()

    with_hub(scenario)


def test_one_process_hears_all_it_says(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Without a layer between: from any thread, in order, however much it is at once."""
    if settings.REDIS_URL:
        pytest.skip("the layer is Redis")
    monkeypatch.setattr(publishing, "_loop", None)

    async def scenario() -> None:
        hub, ear, other = attach(), Ear(), Ear()
        await hub.join("inbox", ear)
        await hub.join("other", other)
        said = [f"event {n}" for n in range(1000)]
        await asyncio.to_thread(lambda: [publish("inbox", {"type": type}) for type in said])
        await asyncio.sleep(0.05)
        assert ear.heard == said
        assert other.heard == []

    asyncio.run(scenario())


def test_a_layer_out_of_reach(layer: SlowLayer, with_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever came meanwhile is subscribed afterwards, and everybody looks for what they missed: once."""
    monkeypatch.setattr(hub, "RECOVERY_SECONDS", 0.05)
    monkeypatch.setattr(hub, "RETRY_SECONDS", 0.1)

    async def scenario(hub: Hub) -> None:
        early, late = Ear(), Ear()
        await hub.join("early", early)
        layer.away = True
        await hub.join("late", late)
        await asyncio.sleep(0.3)
        assert (early.heard, late.heard) == ([], [])
        layer.away = False
        await asyncio.sleep(0.5)
        assert (early.heard, late.heard) == (["resync"], ["resync"])
        await tell("late")
        await tell("early")
        assert (early.heard[1:], late.heard[1:]) == (["hello"], ["hello"])
        assert len(layer.queues) == 1, "a channel that nobody reads"

    with_hub(scenario)


def test_an_event_that_cannot_be_read_is_not_the_last(layer: SlowLayer, with_hub: Any) -> None:
    async def scenario(hub: Hub) -> None:
        ear = Ear()
        await hub.join("chat", ear)
        await layer.group_send("chat", {"none": "of ours"})
        await asyncio.sleep(0.2)
        await tell("chat")
        assert ear.heard == ["hello"]

    with_hub(scenario)
