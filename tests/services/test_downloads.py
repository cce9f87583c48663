"""Dying while a customer's file comes in: it is fetched again, and nothing of the first try is left."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.media_double import MediaDouble
from tests.services.harness import KINDS, Stacks, wait_for
from tests.services.meta import Meta, body_of, phones
from whatsapp.sandbox.webhook_bodies import message_item

# How often it dies on each stack; the figures of a release are taken with 20.
RUNS = int(os.environ.get("PATTER_RUNS", "2"))
CONTENT = os.urandom(700_000)


@pytest.mark.parametrize("kind", KINDS)
def test_dying_while_a_file_comes(stacks: Stacks, kind: str) -> None:
    with MediaDouble() as double, stacks.stack(kind, double.url) as stack, ThreadPoolExecutor(1) as pool:
        server, (relay,) = stack.start()
        meta = Meta([server.url], threads=1)
        for run in range(RUNS):
            double.keep(f"{run}", CONTENT, "application/pdf")
            relay.kill()
            relay.launch(PATTER_FAULT="M1:kill")
            delivering = pool.submit(meta.deliver, body_of(messages=[document(f"{run}")]))
            assert relay.wait_dead(60) == -9, relay.output()[-3000:]
            relay.kill()
            relay.launch()
            stack.age_leases()
            delivering.result()
            ready = "SELECT count(*) FROM messaging_attachment WHERE state = 'ready'"
            wait_for(f"file {run} to be here", lambda: stack.database.value(ready) == run + 1, 60)  # noqa: B023
        rows = stack.database.query("SELECT file, sha256, attempts FROM messaging_attachment")
        media = Path(stack.env["MEDIA_ROOT"])
        kept = {str(path.relative_to(media)): path.read_bytes() for path in media.rglob("*") if path.is_file()}
        assert {file for file, _, _ in rows} == kept.keys()
        assert set(kept.values()) == {CONTENT}
        assert {sha256 for _, sha256, _ in rows} == {hashlib.sha256(CONTENT).hexdigest()}
        assert stack.database.value("SELECT count(*) FROM messaging_message") == RUNS
        assert meta.server_errors == 0, meta.answers


def document(media_id: str) -> dict[str, object]:
    content = {"id": media_id, "mime_type": "application/pdf", "filename": "offer.pdf", "sha256": "x"}
    return message_item(phones(1)[0], f"wamid.FILE{media_id}", type="document", document=content)
