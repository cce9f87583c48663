"""What a web process does before it takes requests."""

import asyncio
import gc
from typing import Any

import pytest

from config import asgi


def test_the_garbage_collector_spares_what_was_loaded(settings: Any, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    settings.EMBEDDED = False  # no relay
    for other in ("attach", "end_on_hangup", "hear_who_has_connected", "refuse_wrong_encoding"):
        monkeypatch.setattr(asgi, other, lambda: None)
    coming = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[str] = []

    async def receive() -> Any:
        return {"type": next(coming)}

    async def send(message: Any) -> None:
        sent.append(message["type"])
        if message["type"] == "lifespan.startup.complete":
            assert gc.get_freeze_count() > 10_000

    gc.unfreeze()
    try:
        asyncio.run(asgi.lifespan(receive, send))
    finally:
        gc.unfreeze()
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
