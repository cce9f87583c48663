"""A disk that takes nothing more: a clear error, and nothing of the request is left, neither a row nor a file."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from core.files import storage
from core.files.storage import CannotStore, MediaStorage
from customer_data.models import CustomerData
from customers import export
from customers.models import Customer, Event
from messaging.models import Message
from tests.customer_data.uploads import DATA, PDF, files_in
from tests.media_files import jpeg

FULL = OSError(errno.ENOSPC, "No space left on device")
# Full, over quota, read-only, broken, and a file that is too large for the file system.
CODES = [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG]


@pytest.fixture(autouse=True)
def media(customer: Any, says: Any, settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    says(customer, "hello?")
    return tmp_path / "media"


@pytest.fixture
def room_for(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let so many files be stored; of the next one, half."""
    original = MediaStorage._fill

    def limit(files: int) -> None:
        left = [files]

        def fill(self: MediaStorage, path: str, content: Any) -> None:
            left[0] -= 1
            if left[0] < 0:
                Path(path).write_bytes(b"half")
                raise FULL
            original(self, path, content)

        monkeypatch.setattr(MediaStorage, "_fill", fill)

    return limit


def refused(answer: Any) -> bool:
    body = answer.json()
    return bool(
        answer.status_code == 507 and body["code"] == "cannot_store" and "Nothing was changed" in body["detail"]
    )


@pytest.mark.parametrize("files", [1, 3])
def test_a_message(as_owner: APIClient, customer: Customer, media: Path, room_for: Any, files: int) -> None:
    messages, events = Message.objects.count(), Event.objects.count()
    body = {"customer": customer.pk, "text": "look", "client_id": "c-1", "media": [jpeg() for _ in range(files)]}
    room_for(files - 1)

    assert refused(as_owner.post("/api/messages/", body, format="multipart"))
    assert (Message.objects.count(), Event.objects.count(), files_in(media)) == (messages, events, [])
    room_for(files)
    body["media"] = [jpeg() for _ in range(files)]
    assert as_owner.post("/api/messages/", body, format="multipart").status_code == 201, "the same client_id works"
    assert len(files_in(media)) == files


def test_customer_data(as_owner: APIClient, customer: Customer, media: Path, room_for: Any) -> None:
    def body() -> dict[str, Any]:
        return {"customer": customer.pk, "key": "offer", "file": SimpleUploadedFile("offer.pdf", PDF)}

    room_for(0)
    assert refused(as_owner.post(DATA, body(), format="multipart"))
    assert (CustomerData.objects.count(), files_in(media)) == (0, [])

    room_for(1)
    created = as_owner.post(DATA, body(), format="multipart")
    assert created.status_code == 201
    (before,) = files_in(media)
    room_for(0)
    url = f"{DATA}{created.json()['id']}/"
    assert refused(as_owner.put(url, {"file": SimpleUploadedFile("new.pdf", PDF)}, format="multipart"))
    assert files_in(media) == [before], "the old file is still there, and nothing of the new one"


@pytest.mark.parametrize("code", CODES)
def test_a_large_file_and_every_error_of_a_disk(
    as_owner: APIClient, customer: Customer, media: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def half(old: str, new: str, **_: Any) -> None:
        Path(new).write_bytes(b"half")
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(storage, "file_move_safe", half)
    large = SimpleUploadedFile("offer.pdf", PDF + b" " * 3_000_000)
    assert refused(as_owner.post(DATA, {"customer": customer.pk, "key": "k", "file": large}, format="multipart"))
    assert files_in(media) == []


def test_a_folder_that_cannot_be_made(as_owner: APIClient, customer: Customer, media: Path) -> None:
    media.write_text("in the way")

    assert refused(as_owner.post("/api/messages/", {"customer": customer.pk, "media": [jpeg()]}, format="multipart"))
    assert Message.objects.filter(direction="outbound").count() == 0


def test_a_name_that_is_taken_meanwhile(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = MediaStorage()
    first = store.save("notes/a.txt", SimpleUploadedFile("a.txt", b"one"))
    monkeypatch.setattr(MediaStorage, "is_name_available", lambda self, name, max_length=None: True)
    with monkeypatch.context() as racing:
        names = iter(["notes/a.txt", "notes/b.txt"])
        racing.setattr(MediaStorage, "get_available_name", lambda self, name, max_length=None: next(names))
        second = store.save("notes/a.txt", SimpleUploadedFile("a.txt", b"two"))
    assert (first, second) == ("notes/a.txt", "notes/b.txt")
    assert [(media / name).read_bytes() for name in (first, second)] == [b"one", b"two"]


def test_a_failed_save_leaves_another_file_alone(media: Path, room_for: Any) -> None:
    store = MediaStorage()
    store.save("notes/a.txt", SimpleUploadedFile("a.txt", b"one"))
    room_for(0)
    with pytest.raises(CannotStore):
        store.save("notes/a.txt", SimpleUploadedFile("a.txt", b"two"))
    assert files_in(media) == ["notes/a.txt"]


# --- The temporary directory ---


def test_a_large_upload_without_a_temporary_directory(
    as_owner: APIClient, customer: Customer, media: Path, settings: Any, tmp_path: Path
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "gone")
    large = SimpleUploadedFile("offer.pdf", PDF + b" " * 3_000_000)
    answer = as_owner.post(DATA, {"customer": customer.pk, "key": "k", "file": large}, format="multipart")

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "Nothing was changed" in answer.json()["detail"]
    assert (CustomerData.objects.count(), files_in(media)) == (0, [])


@pytest.mark.parametrize("code", CODES)
def test_an_export_without_room(
    as_admin: APIClient, customer: Customer, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(export.zipfile, "ZipFile", full)
    answer = as_admin.get(f"/api/customers/customers/{customer.pk}/export/")

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")


@pytest.mark.parametrize(("error", "refusal"), [(FULL, storage.NoRoom), (CannotStore(), CannotStore)])
def test_a_page_of_the_admin_without_room(
    admin: User, monkeypatch: pytest.MonkeyPatch, error: Exception, refusal: Any
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise error

    web = Client(raise_request_exception=False)
    web.force_login(admin)
    monkeypatch.setattr(Customer.objects.__class__, "get_queryset", full)
    answer = web.get("/admin/customers/customer/")

    assert answer.status_code == refusal.status_code
    assert answer.get("Retry-After") == ("30" if refusal is storage.NoRoom else None)
    assert answer.content.decode() == f"{refusal.default_detail}\n", "a text for people, without the code"
