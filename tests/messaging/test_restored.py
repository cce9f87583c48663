"""A database that is older than what was last sent: nothing leaves a second time, and what is new goes out."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from core.models import Installation
from core.ports import ports
from customers.models import Customer, Event
from messaging.actions.statuses import apply_status
from messaging.models import Attachment, DepartureCount, Message, Receipt
from messaging.relay.departures import SLOTS, DatabaseRestored, suspected
from messaging.relay.outbox import Outbox
from messaging.relay.restored import recognise
from tests.messaging.steps import make_due, store_outcomes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unsuspected() -> None:
    suspected.clear()


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"


@pytest.fixture
def send(as_owner: Any, customer: Any, says: Any, transport: Any) -> Any:
    says(customer)

    def queue(text: str = "hi") -> int:
        response = as_owner.post("/api/messages/", {"customer": customer.pk, "text": text})
        assert response.status_code == 201
        return int(response.json()["id"])

    return queue


class Backup:
    """The queue and the counter as they are now, to be put back. The file is not part of it."""

    def __init__(self) -> None:
        self.messages = list(Message.objects.filter(direction="outbound"))
        self.counts = dict(DepartureCount.objects.values_list("slot", "count"))

    def restore(self) -> None:
        kept = [message.pk for message in self.messages]
        Message.objects.filter(direction="outbound").exclude(pk__in=kept).delete()
        for message in self.messages:
            message.save()
        for row in DepartureCount.objects.all():
            DepartureCount.objects.filter(pk=row.pk).update(count=self.counts.get(row.slot, 0))


def start_relay() -> bool:
    return recognise([source() for source in ports("RELAY_JOBS")])


def later(*pks: int) -> None:
    """Let the messages be as new as they are when a restore takes its time."""
    Message.objects.filter(pk__in=pks).update(created_at=timezone.now() + timedelta(seconds=5))


def file_of_this_installation() -> Path:
    return Installation.this().file("departures")


def test_what_was_sent_after_the_backup_is_not_sent_again(
    send: Any, transport: Any, relay_turn: Any, customer: Any, client: Any, caplog: Any
) -> None:
    first = send("before")
    relay_turn()
    second, third = send("a"), send("b")
    backup = Backup()
    while relay_turn():
        pass
    assert [message.pk for message in transport.sent] == [first, second, third]
    backup.restore()
    assert {row.status for row in Message.objects.filter(pk__in=(second, third))} == {"queued"}

    with caplog.at_level(logging.ERROR):
        assert start_relay() is True
    assert "restored from a backup. 2 messages" in caplog.text
    new = send("new")
    later(new)
    while relay_turn():
        pass

    assert [message.pk for message in transport.sent] == [first, second, third, new]
    doubtful = Message.objects.get(pk=second)
    assert (doubtful.status, (doubtful.error or {})["code"]) == ("uncertain", "restored")
    events = Event.objects.filter(customer=customer, type="message_status", data__status="uncertain")
    assert sorted(event.data["id"] for event in events) == [second, third]
    restored = client.get("/readyz").json()["checks"]["backup"]["restored"]
    assert restored["uncertain"] == 2
    assert start_relay() is False


def test_a_salesperson_sends_an_uncertain_one_again(
    send: Any, transport: Any, relay_turn: Any, as_owner: Any, as_stranger: Any
) -> None:
    pk = send()
    backup = Backup()
    relay_turn()
    backup.restore()
    start_relay()

    listed = as_owner.get("/api/messages/?status=uncertain").json()["results"]
    assert [(row["id"], row["error"]["code"]) for row in listed] == [(pk, "restored")]
    assert as_stranger.post(f"/api/messages/{pk}/retry/").status_code == 404
    assert as_owner.post(f"/api/messages/{pk}/retry/").status_code == 200
    assert start_relay() is False
    relay_turn()

    assert len(transport.sent) == 2
    assert Message.objects.get(pk=pk).error is None


def test_what_was_being_sent_is_not_sent_again_even_if_its_file_was_not_uploaded_yet(
    send: Any, relay_turn: Any
) -> None:
    pk = send()
    Attachment.objects.create(
        message_id=pk, file=ContentFile(b"x", "x.txt"), file_name="x.txt", mime_type="text/plain", size=1, state="ready"
    )
    Message.objects.filter(pk=pk).update(status="sending", lease_until=timezone.now() - timedelta(seconds=1))
    backup = Backup()
    other = send("of nobody")
    Message.objects.filter(pk=pk).update(status="sent")
    relay_turn()
    assert Message.objects.get(pk=other).status == "sent"
    backup.restore()

    start_relay()
    Outbox().settle(everything=True)

    assert Message.objects.get(pk=pk).status == "uncertain"


def test_a_copy_of_the_database_elsewhere_is_no_restored_one(
    send: Any, transport: Any, relay_turn: Any, settings: Any, tmp_path: Path, caplog: Any
) -> None:
    send()
    relay_turn()
    waiting = send("waiting")
    settings.MEDIA_ROOT = str(tmp_path / "elsewhere")

    with caplog.at_level(logging.WARNING):
        assert start_relay() is False
    assert "manage.py after_restore" in caplog.text
    relay_turn()

    assert Message.objects.get(pk=waiting).status == "sent"
    assert file_of_this_installation().parent == tmp_path / "elsewhere"


def test_the_file_of_another_installation_is_not_believed(send: Any, relay_turn: Any) -> None:
    send()
    relay_turn()
    theirs = file_of_this_installation()
    before = theirs.read_bytes()
    Installation.objects.update(key="00000000-0000-4000-8000-000000000000")
    DepartureCount.objects.update(count=0)
    pk = send()

    assert start_relay() is False
    relay_turn()

    assert Message.objects.get(pk=pk).status == "sent"
    assert theirs.read_bytes() == before


def test_files_from_an_older_backup_than_the_database_are_no_reason_for_doubt(send: Any, relay_turn: Any) -> None:
    send()
    relay_turn()
    older = file_of_this_installation().read_bytes()
    send()
    relay_turn()
    file_of_this_installation().write_bytes(older)
    pk = send()

    assert start_relay() is False
    relay_turn()

    assert Message.objects.get(pk=pk).status == "sent"


@pytest.mark.parametrize("content", [b"", b"\0" * 900, b"nonsense", b"\xff" * 2000])
def test_a_damaged_file_is_not_believed_and_written_anew(
    send: Any, relay_turn: Any, content: bytes, caplog: Any
) -> None:
    send()
    relay_turn()
    file_of_this_installation().write_bytes(content)
    pk = send()

    with caplog.at_level(logging.ERROR):
        assert start_relay() is False
    assert "damaged" in caplog.text
    backup = Backup()
    relay_turn()
    assert Message.objects.get(pk=pk).status == "sent"

    backup.restore()
    assert start_relay() is True


def test_damage_to_one_line_does_not_hide_the_others(send: Any, relay_turn: Any) -> None:
    pk = send()
    backup = Backup()
    relay_turn()
    content = file_of_this_installation().read_bytes()
    file_of_this_installation().write_bytes(content[:-30] + b"?" * 30)
    backup.restore()

    assert start_relay() is True
    assert Message.objects.get(pk=pk).status == "uncertain"


def test_a_folder_that_cannot_be_written_stops_nothing(
    send: Any, transport: Any, relay_turn: Any, settings: Any, tmp_path: Path, caplog: Any
) -> None:
    (tmp_path / "file").write_text("not a folder")
    settings.MEDIA_ROOT = str(tmp_path / "file" / "media")

    with caplog.at_level(logging.ERROR):
        for text in ("a", "b"):
            send(text)
            assert start_relay() is False
            assert relay_turn() == 1

    assert caplog.text.count("cannot be written") == 1
    assert len(transport.sent) == 2


def test_a_database_that_is_replaced_while_the_relay_runs(send: Any, transport: Any, relay_turn: Any) -> None:
    pk = send()
    backup = Backup()
    relay_turn()
    backup.restore()
    new = send("new")
    later(new)
    source = Outbox()

    with pytest.raises(DatabaseRestored):
        source.claim(10)
    assert start_relay() is True
    store_outcomes()  # what was just claimed is put back
    make_due(new)
    assert [job.message_id for job in source.claim(10)] == [new]

    assert Message.objects.get(pk=pk).status == "uncertain"
    assert len(transport.sent) == 1


def test_by_hand(send: Any, transport: Any, relay_turn: Any, capsys: Any, customer: Any, settings: Any) -> None:
    settings.EMBEDDED = False  # the lock of the one process is not what is tested here
    pks = [send("a"), send("b")]
    Receipt.objects.update_or_create(customer=customer, defaults={"due": True, "not_before": timezone.now()})

    call_command("after_restore")

    assert capsys.readouterr().out == "Messages that became uncertain: 2.\n"
    assert {row.status for row in Message.objects.filter(pk__in=pks)} == {"uncertain"}
    assert not Receipt.objects.get(customer=customer).due
    new = send("new")
    assert relay_turn() == 1
    assert [message.pk for message in transport.sent] == [new]


def test_a_status_of_a_message_that_was_lost_finds_no_new_one(
    send: Any, relay_turn: Any, number: Any, customer: Any
) -> None:
    backup = Backup()
    lost = send("lost with the restore")
    relay_turn()
    backup.restore()
    with connection.cursor() as cursor:  # the backup also knows which id comes next
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence('messaging_message', 'id'), %s, false)", [lost])
        else:
            cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = 'messaging_message'", [lost - 1])
    start_relay()
    new = send("new")
    later(new)

    apply_status(number=number, wamid=f"wamid.OUT{lost}", status="delivered", at=timezone.now(), message_key=str(lost))

    assert Message.objects.get(pk=new).status == "queued"
    assert new > lost
    assert Customer.objects.create(first_name="New").pk > customer.pk + 1000


def test_each_slot_has_a_line(send: Any, relay_turn: Any) -> None:
    send()
    relay_turn()

    lines = file_of_this_installation().read_text().splitlines()
    assert len(lines) == 1 + SLOTS
    slot, count, at = lines[1].split()
    assert (int(slot), int(count)) == (1, 1)
    assert abs(float(at) - timezone.now().timestamp()) < 60


def test_every_source_of_jobs_says_what_becomes_of_them(db: None) -> None:
    for source in ports("RELAY_JOBS"):
        for name in ("settle", "after_restore", "claim", "run"):
            assert callable(getattr(source, name, None)), f"{source.__name__} has no {name} (messaging/relay/jobs.py)"
