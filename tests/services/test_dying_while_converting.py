"""Dying while a file is converted: it is converted again, sent once, and what comes after it stays after it."""

from pathlib import Path

import pytest

from tests.graph_double import GraphDouble
from tests.media_files import quarters
from tests.services.harness import Stack, wait_for
from tests.services.meta import Meta
from tests.services.sending import Desk, accepted_keys, drain_messages, meet


# Converted and not stored; stored and committed.
@pytest.mark.parametrize("point", ["V1", "V2"])
def test_dying_while_a_file_is_converted(stack: Stack, graph: GraphDouble, point: str) -> None:
    server, (relay,) = stack.start()
    meta = Meta([server.url], threads=1)
    (customer,) = meet(stack, meta, 1)
    desk = Desk(server.url, stack.admin_token)
    relay.kill()
    relay.launch(PATTER_FAULT=f"{point}:kill")
    wait_for("the relay to be back", relay.ready, 60)
    photo = ("photo.heic", quarters("HEIF"), "image/heic")
    answer = desk.call("POST", "/api/messages/", data={"customer": customer}, files={"media": photo})
    assert answer.status_code == 201, answer.text
    assert relay.wait_dead(60) == -9, relay.output()[-3000:]
    relay.kill()
    relay.launch()
    wait_for("the relay to be back", relay.ready, 60)
    text = desk.send(customer, "after it", "c-1")
    stack.age_leases()
    drain_messages(stack)
    assert accepted_keys(graph) == [answer.json()["id"], text["id"]]
    assert len(graph.uploads) == 1
    rows = stack.database.query("SELECT state, file, original, thumbnail FROM messaging_attachment")
    ((state, *names),) = rows
    assert state == "ready"
    media = Path(stack.env["MEDIA_ROOT"])
    kept = {
        str(path.relative_to(media)) for path in media.rglob("*") if path.is_file() and path.parts[-2] != "outcomes"
    }
    assert {name for name in kept if not name.startswith(".")} == set(names)
