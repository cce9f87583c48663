"""The hub stays subscribed to the right groups while subscribers join and leave."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from channels.layers import get_channel_layer

from core.live import hub
from core.live.groups import RELAY
from core.live.hub import Hint, Hub
from core.live.publishing import attach, publish, publish_all


class Ear:
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def deliver(self, group: str, event: Hint) -> None:
        self.heard.append(event["type"])


class SlowLayer:
    """A layer that is slow to subscribe, and can be made unreachable."""

    def __init__(self) -> None:
        self.groups: dict[str, set[str]] = {}
        self.queues: dict[str, asyncio.Queue[Any]] = {}
        self.sent: list[list[str]] = []
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

    async def send_all(self, messages: Any) -> None:
        self.sent.append([group for group, _ in messages])
        await self._work()
        for group, message in messages:
            for channel in self.groups.get(group, ()):
                self.queues[channel].put_nowait(message)


@pytest.fixture
def layer(settings: Any) -> SlowLayer:
    """The layer between processes, as if there were several."""
    settings.REDIS_URL = "redis://only-to-say-that-there-are-several-processes"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.SlowLayer"}}
    slow: Any = get_channel_layer()
    assert isinstance(slow, SlowLayer)
    return slow


def with_hub(scenario: Callable[[Hub], Coroutine[Any, Any, None]]) -> None:
    """Run the scenario with the hub of a new event loop."""

    async def scene() -> None:
        await asyncio.wait_for(scenario(attach()), 20)

    asyncio.run(scene())


async def tell(group: str, type: str = "hello") -> None:
    publish(group, {"type": type})
    await asyncio.sleep(0.05)


async def until(seen: Callable[[], bool]) -> None:
    """Return when it is so, or after ten seconds: a busy machine takes its time."""
    for _ in range(1000):
        if seen():
            return
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("pause", [0, 0.005, 0.015])
def test_joining_while_the_last_subscriber_leaves(layer: SlowLayer, pause: float) -> None:
    """When a page is reloaded, the old socket closes while the new one opens."""

    async def scenario(hub: Hub) -> None:
        old, new = Ear(), Ear()
        # The hub gives up one group after the other: at least one of the first two is still to come.
        for group in ("chat", "inbox", "left"):
            await hub.join(group, old)
        for group in ("chat", "inbox", "left"):
            hub.leave(group, old)
        await asyncio.sleep(pause)
        await asyncio.gather(hub.join("chat", new), hub.join("inbox", new))
        await asyncio.sleep(0.1)
        await tell("chat", "to the chat")
        await tell("inbox", "to the inbox")
        await until(lambda: len(new.heard) == 2 and not layer.groups["left"])
        assert new.heard == ["to the chat", "to the inbox"]
        assert layer.groups["left"] == set()

    with_hub(scenario)


def test_a_single_process_gets_all_events_in_order(settings: Any) -> None:
    """Without a layer, from any thread, and however many there are at once."""
    settings.REDIS_URL = ""

    async def scenario(hub: Hub) -> None:
        ear, other = Ear(), Ear()
        await hub.join("inbox", ear)
        await hub.join("other", other)
        said = [f"event {n}" for n in range(1000)]
        await asyncio.to_thread(lambda: [publish("inbox", {"type": type}) for type in said])
        await until(lambda: len(ear.heard) == len(said))
        assert ear.heard == said
        assert other.heard == []

    with_hub(scenario)


def test_a_layer_that_cannot_be_reached(layer: SlowLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Afterwards those who joined meanwhile are subscribed, and all look once for what they missed."""
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
        await until(lambda: (early.heard, late.heard) == (["resync"], ["resync"]))
        assert (early.heard, late.heard) == (["resync"], ["resync"])
        await tell("late")
        await tell("early")
        await until(lambda: len(early.heard) == len(late.heard) == 2)
        assert (early.heard[1:], late.heard[1:]) == (["hello"], ["hello"])
        assert len(layer.queues) == 1, "there is a channel that is never read"

    with_hub(scenario)


def test_events_arrive_after_one_that_cannot_be_read(layer: SlowLayer) -> None:
    async def scenario(hub: Hub) -> None:
        ear = Ear()
        await hub.join("chat", ear)
        await layer.send_all([("chat", {"none": "of ours"})])
        await asyncio.sleep(0.2)
        await tell("chat")
        await until(lambda: bool(ear.heard))
        assert ear.heard == ["hello"]

    with_hub(scenario)


def test_what_comes_meanwhile_is_sent_together_and_in_order(layer: SlowLayer) -> None:
    async def scenario(hub: Hub) -> None:
        ear = Ear()
        await hub.join("chat", ear)
        await hub.join("desk", ear)
        publish_all([("chat", {"type": "1"}), ("desk", {"type": "2"})])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for number in range(3, 6):
            publish("chat", {"type": str(number)})
        await until(lambda: len(ear.heard) == 5)
        assert layer.sent == [["chat", "desk"], ["chat", "chat", "chat"]]
        assert ear.heard == ["1", "2", "3", "4", "5"]

    with_hub(scenario)


@pytest.mark.parametrize("redis", [True, False])
def test_relays_are_woken_once_until_they_know(layer: SlowLayer, settings: Any, redis: bool) -> None:
    settings.REDIS_URL = settings.REDIS_URL if redis else ""

    async def scenario(hub: Hub) -> None:
        ear = Ear()
        await hub.join(RELAY, ear)
        for _ in range(2):
            for _ in range(5):
                publish(RELAY, {"type": "wake"})
            await asyncio.sleep(0.1)
        assert ear.heard == ["wake", "wake"]

    with_hub(scenario)


def test_events_that_could_not_be_sent_do_not_stop_the_next(layer: SlowLayer, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(hub: Hub) -> None:
        ear = Ear()
        await hub.join("chat", ear)
        layer.away = True
        publish_all([("chat", {"type": "lost"}), ("chat", {"type": "lost"})])
        await asyncio.sleep(0.05)
        layer.away = False
        await tell("chat")
        await until(lambda: bool(ear.heard))
        assert ear.heard == ["hello"]
        assert "2 events were not published: ConnectionError('away')" in caplog.text

    with_hub(scenario)
