"""What is done once a day: by one relay, at its time, with a row that tells.

tests/services/test_daily_chores.py kills it.
"""

import os
import time
from datetime import time as time_of_day
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import SocketTicket, User
from core import chores
from core.chores import ClaimLost, DailyChores, by_hand, last_moment, prune
from core.models import Chore, Installation
from core.retention import Old

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def _an_hour_ago(settings: Any) -> None:
    """The time of day was an hour ago."""
    settings.DAILY_CHORES = (timezone.now() - timedelta(hours=1)).time().replace(second=0, microsecond=0)


@pytest.fixture
def since_yesterday() -> None:
    for name in chores.CHORES:
        Chore.objects.create(name=name, created_at=timezone.now() - timedelta(days=1))


def day() -> list[str]:
    """Do all that is due, as one relay does; return the names."""
    source, done = DailyChores(), []
    while runs := source.claim(1):
        for run in runs:
            source.run(run)
            done.append(run.name)
    return done


def orphan(media: Path, name: str) -> Path:
    path = media / "attachments" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"12345")
    long_ago = time.time() - 7200
    os.utime(path, (long_ago, long_ago))
    return path


def broken() -> list[Old]:
    class Refusing(Old):
        def remove(self, **_: Any) -> int:
            raise ValueError("disk on fire")

    return [Refusing("broken rows", SocketTicket.objects.none())]


def test_each_chore_is_done_once_a_day(since_yesterday: None, media: Path, client: Client) -> None:
    file = orphan(media, "left.pdf")
    first, second = DailyChores(), DailyChores()
    (run,) = first.claim(1)
    assert run.name == "prune"
    assert [other.name for other in second.claim(1)] == ["sweep_files"], "the other relay takes the next one"
    assert [other.name for other in DailyChores().claim(1)] == ["fold"]
    assert DailyChores().claim(1) == []
    first.run(run)
    assert day() == []

    Chore.objects.update(lease_until=None, claim_token=None)
    assert day() == ["sweep_files", "fold"]
    assert not file.exists()
    assert day() == []
    row = Chore.objects.get(pk="sweep_files")
    assert row.result == "Removed 1 file(s), 5 bytes.\nRows whose file is missing: 0."
    assert row.started_by.startswith("relay ")
    assert row.finished_at is not None
    assert "removed 0 events" in Chore.objects.get(pk="prune").result
    shown = client.get("/readyz").json()["checks"]["chores"]
    assert shown["status"] == "ok"
    assert shown["sweep_files"]["failed"] is False
    assert shown["sweep_files"]["finished_at"] is not None

    Chore.objects.update(finished_at=timezone.now() - timedelta(hours=2))
    assert day() == ["prune", "sweep_files", "fold"]


def test_a_new_installation_waits_for_the_time_of_day() -> None:
    assert day() == []
    assert Chore.objects.count() == len(chores.CHORES)


def test_off(since_yesterday: None, settings: Any) -> None:
    settings.DAILY_CHORES = None
    assert day() == []


def test_the_time_of_day() -> None:
    now = timezone.now()
    for at in (time_of_day(0, 0), time_of_day(12, 30), time_of_day(23, 59)):
        moment = last_moment(at)
        assert (moment.hour, moment.minute) == (at.hour, at.minute)
        assert now - timedelta(days=1) < moment <= timezone.now()


def test_a_failure_is_told_and_stops_nothing(since_yesterday: None, settings: Any, client: Client, caplog: Any) -> None:
    settings.RETENTION = ["tests.core.test_chores.broken", *settings.RETENTION]

    assert day() == ["prune", "sweep_files", "fold"]

    row = Chore.objects.get(pk="prune")
    assert row.error == "broken rows: ValueError: disk on fire"
    assert "removed 0 events" in row.result
    assert row.finished_at is None
    assert "disk on fire" in caplog.text
    shown = client.get("/readyz")
    assert shown.status_code == 200
    assert shown.json()["checks"]["chores"]["prune"]["failed"] is True
    assert "disk on fire" not in shown.content.decode()
    assert day() == [], "not at once"

    settings.RETENTION = settings.RETENTION[1:]
    Chore.objects.update(not_before=timezone.now())
    assert day() == ["prune"]
    assert Chore.objects.get(pk="prune").error == ""


def test_a_run_that_died_is_begun_anew(since_yesterday: None) -> None:
    (dead,) = DailyChores().claim(1)
    assert day() == ["sweep_files", "fold"]
    Chore.objects.filter(pk=dead.name).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert day() == ["prune"]


def test_the_only_relay_need_not_wait_for_the_lease(since_yesterday: None) -> None:
    DailyChores().claim(1)
    DailyChores().settle(everything=False)
    assert day() == ["sweep_files", "fold"]
    DailyChores().settle(everything=True)
    assert day() == ["prune"]


def test_a_run_that_was_taken_over_ends_and_writes_nothing(
    since_yesterday: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "KEEP_LEASE_SECONDS", 0.0)
    (late,) = DailyChores().claim(1)
    late.tick()
    Chore.objects.filter(pk="prune").update(claim_token=uuid4(), result="theirs")

    with pytest.raises(ClaimLost):
        late.tick()
    DailyChores().run(late)
    row = Chore.objects.get(pk="prune")
    assert (row.result, row.error, row.finished_at) == ("theirs", "", None)
    assert row.claim_token is not None


def test_by_hand_it_is_written_down_too(since_yesterday: None, media: Path) -> None:
    file = orphan(media, "left.pdf")
    out = StringIO()

    call_command("sweep_files", "--dry-run", stdout=out)
    assert file.exists()
    assert Chore.objects.get(pk="sweep_files").started_at is None
    call_command("sweep_files", stdout=out)

    assert not file.exists()
    assert out.getvalue().splitlines()[-3:] == [
        "attachments/left.pdf",
        "Removed 1 file(s), 5 bytes.",
        "Rows whose file is missing: 0.",
    ]
    row = Chore.objects.get(pk="sweep_files")
    assert row.started_by.startswith("manage.py sweep_files")
    assert row.result.startswith("Removed 1 file(s)")
    assert day() == ["prune", "fold"]


def test_by_hand_not_beside_another(since_yesterday: None) -> None:
    DailyChores().claim(1)
    with pytest.raises(CommandError, match="prune is being done by relay"):
        call_command("prune")
    for name in ("sweep_files", "fold"):
        with by_hand(name, lambda line: None), pytest.raises(CommandError, match=f"{name} is being done by"):
            call_command(name)
        Chore.objects.filter(pk=name).update(finished_at=timezone.now())
    assert DailyChores().claim(1) == []


def test_by_hand_a_failure_is_one(settings: Any) -> None:
    settings.RETENTION = ["tests.core.test_chores.broken"]
    with pytest.raises(CommandError, match="disk on fire"):
        call_command("prune")
    assert "disk on fire" in Chore.objects.get(pk="prune").error


def test_a_folder_of_another_patter_is_not_swept_by_itself(since_yesterday: None, media: Path) -> None:
    file = orphan(media, "left.pdf")
    theirs = media / f".departures-{uuid4()}"
    theirs.write_text("")
    Installation.this().file("departures").write_text("")

    day()

    assert file.exists()
    assert theirs.name in Chore.objects.get(pk="sweep_files").error
    call_command("sweep_files", stdout=StringIO())
    assert not file.exists()


def test_a_folder_of_strange_files_is_not_swept_by_itself(since_yesterday: None, media: Path) -> None:
    files = [orphan(media, f"{number}.pdf") for number in range(21)]

    day()

    assert all(file.exists() for file in files)
    assert "21 of 21 stored files belong to no row" in Chore.objects.get(pk="sweep_files").error


def test_after_a_restore_files_are_kept_for_a_week(since_yesterday: None, media: Path) -> None:
    file = orphan(media, "of a newer backup.pdf")
    DailyChores().after_restore(before=timezone.now())

    assert day() == ["prune", "fold"]
    assert file.exists()
    Chore.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    assert day() == ["sweep_files"]


def test_admins_see_it(since_yesterday: None, admin: User, client: Client) -> None:
    day()
    client.force_login(admin)

    assert "removed 0 events" in client.get("/admin/core/chore/").content.decode()
    assert client.get("/admin/core/chore/add/").status_code == 403
    assert client.post("/admin/core/chore/prune/delete/", {"post": "yes"}).status_code == 403
    assert Chore.objects.count() == len(chores.CHORES)


def test_what_is_said_is_kept() -> None:
    said: list[str] = []
    with by_hand("prune", said.append) as run:
        prune(run)
    assert "removed 0 socket tickets" in said
    assert Chore.objects.get(pk="prune").result == "\n".join(said)
