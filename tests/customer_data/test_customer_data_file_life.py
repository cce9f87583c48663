"""A file lives as long as its row: it goes after the commit, and what a failure leaves is swept away."""

import os
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from rest_framework.test import APIClient

from core.files.sweeping import BATCH
from customer_data.models import CustomerData
from customers.actions.customers import erase_customer
from customers.models import Customer
from tags.actions.tags import ensure_system_tags
from tests.customer_data.uploads import DATA, Upload, a_file, files_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _system_tags(db: None) -> Iterator[None]:
    """Tests that commit end with an empty database; the next ones expect the migrations' rows."""
    yield
    ensure_system_tags()


def sweep(**options: Any) -> str:
    out = StringIO()
    call_command("sweep_files", stdout=out, stderr=out, **options)
    return out.getvalue()


def age(media: Path, hours: float) -> None:
    then = time.time() - hours * 3600
    for name in files_in(media):
        os.utime(media / name, (then, then))


def test_a_replaced_file_goes_when_the_change_is_committed(as_owner: APIClient, upload: Upload, media: Path) -> None:
    row = upload()
    with transaction.atomic():
        changed = as_owner.put(f"{DATA}{row['id']}/", {"file": a_file("new.pdf")}, format="multipart").json()
        assert len(files_in(media)) == 2
    assert [f"/media/{name}" for name in files_in(media)] == [changed["file"]]


def test_a_removed_file_goes(as_owner: APIClient, upload: Upload, media: Path) -> None:
    row = upload(value="v")
    as_owner.put(f"{DATA}{row['id']}/", {"remove_file": True})
    assert files_in(media) == []


def test_a_deleted_entry_takes_its_file_along(as_owner: APIClient, upload: Upload, media: Path) -> None:
    first, second, third = upload(), upload(key="second"), upload(key="third")
    as_owner.delete(f"{DATA}{first['id']}/")
    assert len(files_in(media)) == 2
    as_owner.post(f"{DATA}bulk-delete/", {"data_ids": [second["id"], third["id"]]})
    assert files_in(media) == []


def test_nothing_goes_when_the_deletion_fails(upload: Upload, media: Path) -> None:
    upload()
    with transaction.atomic():
        CustomerData.objects.all().delete()
        transaction.set_rollback(True)
    assert len(files_in(media)) == CustomerData.objects.count() == 1


def test_erasing_a_person_removes_their_files(upload: Upload, customer: Customer, media: Path) -> None:
    upload()
    upload(key="second")
    erase_customer(customer_id=customer.pk, actor=None)
    assert not CustomerData.objects.exists()
    assert files_in(media) == []


def test_a_refused_upload_leaves_nothing(as_owner: APIClient, upload: Upload, customer: Customer, media: Path) -> None:
    upload()
    for key, file in (("contract", a_file("b.pdf")), ("other", a_file("b.png"))):
        response = as_owner.post(DATA, {"customer": customer.pk, "key": key, "file": file}, format="multipart")
        assert response.status_code == 400
    assert len(files_in(media)) == 1


def test_what_a_failed_transaction_wrote_is_swept(upload: Upload, media: Path) -> None:
    kept = upload()
    with transaction.atomic():
        upload("lost.pdf", key="lost")
        transaction.set_rollback(True)
    assert CustomerData.objects.count() == 1
    assert len(files_in(media)) == 2

    assert "Removed 0 file(s)" in sweep()
    age(media, 0.9)
    assert "Removed 0 file(s)" in sweep()
    age(media, 2)
    assert "Removed 0 file(s)" in sweep(grace_hours=3)
    assert "Would remove 1 file(s)" in sweep(dry_run=True)
    assert len(files_in(media)) == 2
    said = sweep()
    assert "lost.pdf" in said
    assert "Removed 1 file(s)" in said
    assert "Rows whose file is missing: 0." in said
    assert [f"/media/{name}" for name in files_in(media)] == [kept["file"]]


def test_the_sweep_keeps_to_its_folders_and_its_grace(upload: Upload, media: Path) -> None:
    upload()
    (media / "somebody-elses").mkdir()
    (media / "somebody-elses" / "old.txt").write_text("x")
    (media / "avatars" / "2024").mkdir(parents=True)
    (media / "avatars" / "2024" / "gone.png").write_text("x")
    age(media, 48)
    assert "Removed 1 file(s)" in sweep()
    assert "somebody-elses/old.txt" in files_in(media)
    assert len(files_in(media)) == 2
    with pytest.raises(CommandError, match="1 or more"):
        sweep(grace_hours=0.5)
    with pytest.raises(CommandError, match="1 or more"):
        sweep(grace_hours=float("nan"))


def test_the_sweep_reports_rows_without_a_file(upload: Upload, media: Path) -> None:
    row = upload()
    (media / row["file"].removeprefix("/media/")).unlink()
    said = sweep()
    assert f"missing: {row['file'].removeprefix('/media/')}" in said
    assert "Rows whose file is missing: 1." in said
    assert CustomerData.objects.get().file


def test_more_files_than_a_batch(upload: Upload, media: Path) -> None:
    kept = [upload(key=f"k{number}")["file"] for number in range(5)]
    folder = (media / files_in(media)[0]).parent
    for number in range(BATCH + 1):
        (folder / f"lost{number}.pdf").write_text("x")
    age(media, 2)
    assert f"Removed {BATCH + 1} file(s)" in sweep()
    assert sorted(f"/media/{name}" for name in files_in(media)) == sorted(kept)
