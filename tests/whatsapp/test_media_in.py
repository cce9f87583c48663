"""What customers send as files: fetched by the relay, from Meta alone, until it is here or Meta has forgotten it."""

import errno
import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from core.files.storage import MediaStorage
from customers.models import Customer, Event
from messaging.models import UNTIL_RESUMED, Attachment, AttachmentState, BusinessNumber
from messaging.relay.downloads import Downloads
from tests.media_double import MediaDouble
from tests.webhooks import message_item, says
from whatsapp.graph.media import is_metas
from whatsapp.limits import FILE_LIMITS

pytestmark = pytest.mark.django_db

MEDIA_ID = "1003383421387256"


def picture(size: tuple[int, int] = (1200, 800), format: str = "JPEG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    clear = format in ("PNG", "WEBP")
    Image.new("RGBA" if clear else "RGB", size, (255, 0, 0, 100) if clear else "red").save(buffer, format, **options)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"


@pytest.fixture
def meta(connect: Callable[[str], None]) -> Iterator[MediaDouble]:
    with MediaDouble() as double:
        connect(double.url)
        yield double


def file_of(kind: str, **content: Any) -> dict[str, Any]:
    file = {"id": MEDIA_ID, "mime_type": "image/jpeg", "sha256": "x", **content}
    return message_item("94771234567", f"wamid.{kind}", type=kind, **{kind: file})


@pytest.fixture
def arrived(post: Any, meta: MediaDouble) -> Attachment:
    """A picture that a customer sent, not fetched yet."""
    meta.keep(MEDIA_ID, picture())
    post(says(file_of("image", caption="look")))
    found: Attachment = Attachment.objects.get()
    return found


def turn(*, whatever_the_time: bool = True) -> int:
    """Do what the relay does in one turn; return how many files it tried."""
    if whatever_the_time:
        Attachment.objects.update(not_before=timezone.now())
    source = Downloads()
    jobs = source.claim(10)
    for job in jobs:
        source.run(job)
    return len(jobs)


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def shown(client: APIClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/messages/").json()["results"][0]["media"]
    return found


class TestFetching:
    def test_the_file_comes_in_two_steps_with_the_token(
        self, arrived: Attachment, meta: MediaDouble, as_admin: APIClient
    ) -> None:
        assert shown(as_admin)["state"] == "pending"
        assert turn() == 1

        media = shown(as_admin)
        assert (media["state"], media["mime_type"], media["size"]) == ("ready", "image/jpeg", len(picture()))
        assert (media["width"], media["height"], media["error"]) == (1200, 800, None)
        assert media["file_name"] == f"image-{arrived.message_id}.jpg"
        assert [token for _, token in meta.asked] == ["Bearer EAAsecret-token"] * 2
        assert meta.paths[0].endswith(f"/{MEDIA_ID}")
        answer = as_admin.get(media["url"].removeprefix("http://testserver"))
        assert b"".join(answer.streaming_content) == picture()
        assert turn() == 0

    def test_the_chat_hears_of_it(self, arrived: Attachment) -> None:
        turn()
        event = Event.objects.filter(type="message_updated").get()
        assert event.data["media"]["state"] == "ready"
        assert event.data["id"] == arrived.message_id

    def test_pictures_get_a_small_copy(self, arrived: Attachment, as_admin: APIClient) -> None:
        turn()
        answer = as_admin.get(shown(as_admin)["thumbnail_url"].removeprefix("http://testserver"))
        with Image.open(io.BytesIO(b"".join(answer.streaming_content))) as thumbnail:
            assert (thumbnail.format, thumbnail.size) == ("JPEG", (480, 320))

    @pytest.mark.parametrize("room", [0, 1], ids=["not even the picture", "the picture, but not its small copy"])
    def test_a_full_disk_keeps_nothing_and_it_is_fetched_again(
        self, arrived: Attachment, as_admin: APIClient, folder: Path, monkeypatch: pytest.MonkeyPatch, room: int
    ) -> None:
        original, left = MediaStorage._fill, [room]

        def fill(self: MediaStorage, path: str, content: Any) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            original(self, path, content)

        with monkeypatch.context() as full:
            full.setattr(MediaStorage, "_fill", fill)
            turn()
        assert (shown(as_admin)["state"], files_in(folder)) == ("pending", [])
        turn()
        assert shown(as_admin)["state"] == "ready"

    def test_a_picture_taken_upright_is_upright(self, post: Any, meta: MediaDouble) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        meta.keep(MEDIA_ID, picture(exif=exif))
        post(says(file_of("image")))
        turn()
        attachment = Attachment.objects.get()
        assert (attachment.width, attachment.height) == (800, 1200)
        with Image.open(attachment.thumbnail) as thumbnail:
            assert thumbnail.size == (320, 480)

    def test_a_sticker_stays_see_through(self, post: Any, meta: MediaDouble) -> None:
        meta.keep(MEDIA_ID, picture((512, 512), "WEBP"), "image/webp")
        post(says(file_of("sticker", mime_type="image/webp", animated=False)))
        turn()
        with Image.open(Attachment.objects.get().thumbnail) as thumbnail:
            assert (thumbnail.format, thumbnail.mode) == ("WEBP", "RGBA")

    def test_a_document_keeps_its_name(self, post: Any, meta: MediaDouble, as_admin: APIClient) -> None:
        meta.keep(MEDIA_ID, b"%PDF-1.7", "application/pdf")
        post(says(file_of("document", mime_type="application/pdf", filename="../../etc/an offer\u202e 2026.pdf")))
        turn()
        media = shown(as_admin)
        assert (media["file_name"], media["thumbnail_url"]) == ("an offer 2026.pdf", None)
        assert "/attachments/" in Attachment.objects.get().file.url

    @pytest.mark.parametrize(
        ("kind", "mime_type", "ending"),
        [
            ("audio", "audio/ogg; codecs=opus", "ogg"),
            ("video", "video/mp4", "mp4"),
            ("document", "application/x-who-knows", "bin"),
        ],
    )
    def test_other_files(self, post: Any, meta: MediaDouble, kind: str, mime_type: str, ending: str) -> None:
        meta.keep(MEDIA_ID, b"OggS or whatever", mime_type)
        post(says(file_of(kind, mime_type=mime_type)))
        turn()
        attachment = Attachment.objects.get()
        assert attachment.state == AttachmentState.READY
        assert attachment.file_name == f"{kind}-{attachment.message_id}.{ending}"

    @pytest.mark.parametrize("content", [b"<script>alert(1)</script>", b"\xff\xd8\xff broken", b""])
    def test_what_is_no_picture_is_kept_without_a_small_copy(
        self, post: Any, meta: MediaDouble, as_admin: APIClient, content: bytes
    ) -> None:
        meta.keep(MEDIA_ID, content)
        post(says(file_of("image")))
        turn()
        media = shown(as_admin)
        assert (media["state"], media["width"], media["thumbnail_url"]) == ("ready", None, None)
        answer = as_admin.get(media["url"].removeprefix("http://testserver"))
        assert answer["Content-Type"] == "image/jpeg"
        assert answer["X-Content-Type-Options"] == "nosniff"

    def test_a_bomb_is_not_decoded(self, post: Any, meta: MediaDouble) -> None:
        buffer = io.BytesIO()
        Image.new("1", (13000, 13000)).save(buffer, "PNG")
        meta.keep(MEDIA_ID, buffer.getvalue(), "image/png")
        post(says(file_of("image", mime_type="image/png")))
        turn()
        attachment = Attachment.objects.get()
        assert (attachment.state, attachment.width, attachment.thumbnail.name) == ("ready", None, "")


class TestTrouble:
    def test_what_fails_is_tried_again_and_resolved_anew(
        self, arrived: Attachment, meta: MediaDouble, as_admin: APIClient
    ) -> None:
        meta.urls[f"/files/{MEDIA_ID}"] = (404, {})
        turn()
        media = shown(as_admin)
        assert media["state"] == "pending"
        assert media["error"] == "WhatsApp did not deliver the file (HTTP 404)."
        assert turn(whatever_the_time=False) == 0, "it waits first"
        meta.urls.clear()
        turn()
        assert shown(as_admin)["state"] == "ready"
        assert len([path for path in meta.paths if not path.startswith("/files/")]) == 2

    def test_the_pauses_grow(self, arrived: Attachment, meta: MediaDouble) -> None:
        meta.files.clear()
        pauses = []
        for _ in range(4):
            turn()
            arrived.refresh_from_db()
            pauses.append((arrived.not_before - timezone.now()).total_seconds())
        assert pauses == sorted(pauses)
        assert 1 < pauses[0] < 3
        assert 15 < pauses[3] < 21
        assert arrived.attempts == 4

    def test_it_is_given_up_when_meta_has_forgotten_it(
        self, arrived: Attachment, meta: MediaDouble, as_admin: APIClient
    ) -> None:
        assert arrived.provider_until is not None
        assert abs(arrived.provider_until - timezone.now() - timedelta(days=7)) < timedelta(minutes=1)
        meta.files.clear()
        Attachment.objects.update(provider_until=timezone.now())
        turn()
        media = shown(as_admin)
        assert media["state"] == "failed"
        assert "no longer available" in media["error"]
        assert Event.objects.filter(type="message_updated").get().data["media"]["state"] == "failed"
        assert turn() == 0

    @pytest.mark.parametrize("answer", [b"garbage", b"[]", {"url": "http://[::1"}])
    def test_answers_that_cannot_be_read(self, arrived: Attachment, meta: MediaDouble, answer: Any) -> None:
        meta.answers[MEDIA_ID] = answer
        turn()
        arrived.refresh_from_db()
        assert arrived.state in (AttachmentState.PENDING, AttachmentState.FAILED)
        assert not arrived.file

    def test_a_damaged_file_is_not_kept(self, arrived: Attachment, meta: MediaDouble, folder: Path) -> None:
        meta.answers[MEDIA_ID] = {**meta.described(MEDIA_ID), "sha256": "0" * 64}
        turn()
        arrived.refresh_from_db()
        assert (arrived.state, arrived.error) == ("pending", "The file arrived damaged.")
        assert files_in(folder) == []

    def test_an_unreachable_meta(self, arrived: Attachment, settings: Any) -> None:
        settings.WHATSAPP_GRAPH_URL = "http://127.0.0.1:9"
        turn()
        arrived.refresh_from_db()
        assert (arrived.state, arrived.error) == ("pending", "WhatsApp could not be reached (ConnectError).")

    @pytest.mark.parametrize("told", [True, False])
    def test_a_file_that_is_too_large(
        self, arrived: Attachment, meta: MediaDouble, folder: Path, told: bool, as_admin: APIClient
    ) -> None:
        meta.keep(MEDIA_ID, b"\xff\xd8\xff" + b"0" * FILE_LIMITS["image"].max_bytes)
        answer = meta.described(MEDIA_ID)
        if not told:
            del answer["file_size"]
        meta.answers[MEDIA_ID] = answer
        turn()
        media = shown(as_admin)
        assert media["state"] == "failed"
        assert media["error"] == "The file is larger than 5 MB, WhatsApp's limit for its type."
        assert files_in(folder) == []
        assert (f"/files/{MEDIA_ID}" in meta.paths) is not told


class TestRefusedToken:
    """The number pauses, as it does when a message is refused, and goes on with a new token."""

    REFUSAL = {"error": {"message": "Session has expired", "type": "OAuthException", "code": 190, "fbtrace_id": "A"}}

    def test_it_pauses_the_number(self, arrived: Attachment, meta: MediaDouble) -> None:
        meta.answers[MEDIA_ID] = (401, self.REFUSAL)
        turn()
        number = BusinessNumber.objects.get()
        assert number.paused_until == UNTIL_RESUMED
        assert number.reason.startswith("WhatsApp denied us access (190)")
        arrived.refresh_from_db()
        assert (arrived.state, "denied" in arrived.error) == ("pending", True)

        meta.answers.clear()
        assert turn() == 1
        arrived.refresh_from_db()
        assert arrived.state == "ready"

    @pytest.mark.parametrize("status", [400, 403])
    @pytest.mark.parametrize("code", [190, 10, 131031])
    def test_whatever_the_status(self, arrived: Attachment, meta: MediaDouble, status: int, code: int) -> None:
        meta.answers[MEDIA_ID] = (status, {"error": {"message": "No.", "type": "OAuthException", "code": code}})
        turn()
        assert BusinessNumber.objects.get().paused_until == UNTIL_RESUMED

    def test_by_the_server_of_the_file(self, arrived: Attachment, meta: MediaDouble) -> None:
        meta.urls[f"/files/{MEDIA_ID}"] = (401, self.REFUSAL)
        turn()
        assert BusinessNumber.objects.get().paused_until == UNTIL_RESUMED
        arrived.refresh_from_db()
        assert arrived.state == "pending"

    @pytest.mark.parametrize(
        "answer",
        [
            (400, {"error": {"code": 803, "type": "OAuthException", "fbtrace_id": "A"}}),
            (401, b"<html>sign in to the proxy</html>"),
            (404, {"error": {"code": 100, "type": "GraphMethodException", "fbtrace_id": "A"}}),
            (400, {"error": {"code": 131052, "type": "OAuthException"}}),
            (401, {"error": "no"}),
            (401, {"error": {"code": "190"}}),
        ],
    )
    def test_nothing_else_does(self, arrived: Attachment, meta: MediaDouble, answer: Any) -> None:
        meta.answers[MEDIA_ID] = answer
        turn()
        assert BusinessNumber.objects.get().paused_until is None
        arrived.refresh_from_db()
        assert arrived.state == "pending"


class TestOnlyFromMeta:
    def test_no_request_and_no_token_for_a_foreign_host(self, arrived: Attachment, meta: MediaDouble) -> None:
        with MediaDouble() as foreign:
            foreign.keep(MEDIA_ID, b"internal")
            meta.answers[MEDIA_ID] = {**meta.described(MEDIA_ID), "url": f"{foreign.url}/files/{MEDIA_ID}"}
            turn()
            assert foreign.asked == []
        arrived.refresh_from_db()
        assert arrived.state == AttachmentState.FAILED

    def test_nor_by_a_redirect(self, arrived: Attachment, meta: MediaDouble) -> None:
        with MediaDouble() as foreign:
            meta.urls[f"/files/{MEDIA_ID}"] = (302, {"Location": f"{foreign.url}/files/{MEDIA_ID}"})
            turn()
            assert foreign.asked == []
        arrived.refresh_from_db()
        assert arrived.state == AttachmentState.FAILED

    def test_a_redirect_to_meta_is_followed_but_not_for_ever(self, arrived: Attachment, meta: MediaDouble) -> None:
        meta.urls["/elsewhere"] = (302, {"Location": f"/files/{MEDIA_ID}"})
        meta.answers[MEDIA_ID] = {**meta.described(MEDIA_ID), "url": f"{meta.url}/elsewhere"}
        meta.urls[f"/files/{MEDIA_ID}"] = (302, {"Location": "/elsewhere"})
        turn()
        arrived.refresh_from_db()
        assert arrived.state == AttachmentState.PENDING
        del meta.urls[f"/files/{MEDIA_ID}"]
        turn()
        arrived.refresh_from_db()
        assert arrived.state == AttachmentState.READY

    @pytest.mark.parametrize(
        ("url", "allowed"),
        [
            ("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1", True),
            ("https://scontent.xx.fbcdn.net/v/t45", True),
            ("https://mmg.whatsapp.net/x", True),
            ("https://graph.facebook.com/v23.0/1", True),
            ("https://graph.facebook.com:443/v23.0/1", True),
            ("http://lookaside.fbsbx.com/x", False),
            ("https://lookaside.fbsbx.com:8443/x", False),
            ("https://fbcdn.net.evil.example/x", False),
            ("https://evilfbcdn.net/x", False),
            ("https://lookaside.fbsbx.com@evil.example/x", False),
            ("https://user:pass@lookaside.fbsbx.com/x", False),
            ("https://127.0.0.1/x", False),
            ("https://169.254.169.254/latest/meta-data", False),
            ("https://[::1]/x", False),
            ("file:///etc/passwd", False),
            ("//fbcdn.net/x", False),
            ("", False),
            ("https://[", False),
        ],
    )
    def test_which_hosts_are_metas(self, url: str, allowed: bool) -> None:
        assert is_metas(url) is allowed


class TestTheJob:
    def test_two_relays_do_not_fetch_it_twice(self, arrived: Attachment) -> None:
        assert len(Downloads().claim(5)) == 1
        assert Downloads().claim(5) == []

    def test_who_lost_the_lease_changes_nothing(self, arrived: Attachment, folder: Path) -> None:
        (late,) = Downloads().claim(5)
        Attachment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        (job,) = Downloads().claim(5)
        Downloads().run(job)
        kept = files_in(folder)
        Downloads().run(late)
        assert files_in(folder) == kept
        assert Event.objects.filter(type="message_updated").count() == 1

    def test_a_relay_that_died_is_followed_at_once_by_one_that_is_alone(self, arrived: Attachment) -> None:
        Downloads().claim(5)
        Downloads().settle(everything=False)
        assert Downloads().claim(5) == []
        Downloads().settle(everything=True)
        assert turn() == 1

    def test_an_erased_customer_leaves_no_file(self, arrived: Attachment, folder: Path, as_admin: APIClient) -> None:
        (job,) = Downloads().claim(5)
        assert as_admin.delete(f"/api/customers/{Customer.objects.get().pk}/").status_code == 204
        Downloads().run(job)
        assert files_in(folder) == []


class TestFetchAgain:
    def url(self, attachment: Attachment) -> str:
        return f"/api/messages/{attachment.message_id}/fetch-media/"

    def test_a_failed_file_is_fetched_again(self, arrived: Attachment, meta: MediaDouble, as_admin: APIClient) -> None:
        Attachment.objects.update(state="failed", error="no luck", attempts=30)
        answer = as_admin.post(self.url(arrived))
        assert answer.status_code == 200
        assert (answer.json()["media"]["state"], answer.json()["media"]["error"]) == ("pending", None)
        assert turn() == 1
        assert shown(as_admin)["state"] == "ready"
        states = [event.data["media"]["state"] for event in Event.objects.filter(type="message_updated")]
        assert states == ["pending", "ready"]

    @pytest.mark.parametrize(
        ("changes", "detail"),
        [
            ({"state": "pending"}, "this one is pending"),
            ({"state": "ready"}, "this one is ready"),
            ({"state": "failed", "provider_until": timezone.now()}, "no longer available"),
            ({"state": "failed", "provider_id": ""}, "no file to fetch"),
        ],
    )
    def test_refusals_change_nothing(
        self, arrived: Attachment, as_admin: APIClient, changes: dict[str, Any], detail: str
    ) -> None:
        Attachment.objects.update(**changes)
        before = Attachment.objects.values().get(), Event.objects.count()
        answer = as_admin.post(self.url(arrived))
        assert (answer.status_code, answer.json()["code"]) == (409, "not_fetchable")
        assert detail in answer.json()["detail"]
        assert (Attachment.objects.values().get(), Event.objects.count()) == before

    def test_strangers_and_texts(self, arrived: Attachment, as_stranger: APIClient, as_admin: APIClient) -> None:
        Customer.objects.update(owner=None)
        Attachment.objects.update(state="failed")
        assert as_stranger.post(self.url(arrived)).status_code == 404
        Attachment.objects.all().delete()
        assert as_admin.post(self.url(arrived)).status_code == 409
        assert as_admin.post("/api/messages/999/fetch-media/").status_code == 404


class TestSandbox:
    @pytest.mark.django_db(transaction=True)
    def test_a_picture_said_to_the_sandbox_arrives(
        self, tmp_path: Path, as_admin: APIClient, live_server: LiveServer
    ) -> None:
        file = tmp_path / "tea.png"
        file.write_bytes(picture((40, 30), "PNG"))
        call_command("whatsapp_say", "+94771234567", "look", image=file, url=live_server.url)
        assert shown(as_admin)["state"] == "pending"
        assert turn() == 1
        media = shown(as_admin)
        assert (media["state"], media["mime_type"], media["width"]) == ("ready", "image/png", 40)

    def test_what_is_no_picture(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="is not a picture"):
            call_command("whatsapp_say", "+94771234567", image=tmp_path / "missing.png")
        with pytest.raises(CommandError, match="Give a text"):
            call_command("whatsapp_say", "+94771234567")

    def test_an_id_is_no_path(self, post: Any) -> None:
        post(says(file_of("image", id="../../etc/passwd")))
        turn()
        assert Attachment.objects.get().state == AttachmentState.PENDING
