"""What the desk sends and WhatsApp does not take becomes JPEG or a voice note, in the relay."""

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from core.files.conversion import starting
from core.files.conversion.jpeg import to_jpeg
from core.files.conversion.process import Refused
from core.files.conversion.starting import CannotConvert
from core.files.conversion.voice import to_voice
from core.files.storage import CannotStore
from customers.models import Event
from messaging.models import Attachment, Message
from messaging.relay import preparations
from messaging.relay.preparations import Preparations
from tests.media_files import MAKER, ORIENTATION, jpeg, noise, picture, quarters, recorded, upload
from tests.messaging.steps import make_due

MB = 1024 * 1024


@pytest.fixture(autouse=True)
def open_window(customer: Any, says: Any, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    says(customer, "hello?")


@pytest.fixture
def send(as_owner: Any, customer: Any) -> Any:
    def post(*files: Any, client: Any = None, **fields: Any) -> Any:
        body = {"customer": customer.pk, **fields, "media": list(files)}
        return (client or as_owner).post("/api/messages/", body, format="multipart")

    return post


@pytest.fixture
def prepare() -> Callable[[], int]:
    """Do what the relay does with files in one turn; return how many there were."""

    def turn() -> int:
        source = Preparations()
        jobs = source.claim(10)
        for job in jobs:
            source.run(job)
        return len(jobs)

    return turn


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Convert here, which is quicker."""

    def run(module: str, asked: dict[str, Any], source: Any, into: Any) -> None:
        try:
            {"jpeg": to_jpeg, "voice": to_voice}[module.rpartition(".")[2]](source, into, asked)
        except Refused as error:
            raise CannotConvert(str(error)) from None

    monkeypatch.setattr(starting, "_run", run)


def shown(as_owner: Any, message: int) -> Any:
    return as_owner.get(f"/api/messages/{message}/").json()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


# Name, content, declared type.
PICTURES: list[tuple[str, bytes, str]] = [
    ("IMG_1.heic", quarters("HEIF"), "image/heic"),
    ("IMG_2.HEIC", quarters("HEIF"), ""),
    ("IMG_3.heif", quarters("HEIF"), "image/heif"),
    ("IMG_4.heic", quarters("HEIF", turned=6), "image/heic"),
    ("from-phone.heic", quarters("AVIF"), "image/heic"),
    ("photo.avif", quarters("AVIF"), "image/avif"),
    ("turned.avif", quarters("AVIF", turned=8), "image/avif"),
    ("clear.avif", quarters("AVIF", mode="RGBA"), "image/avif"),
    ("photo.webp", quarters("WEBP"), "image/webp"),
    ("lossless.webp", quarters("WEBP", lossless=True), "image/webp"),
    ("turned.webp", quarters("WEBP", turned=3), "image/webp"),
    ("logo.gif", quarters("GIF"), "image/gif"),
    ("scan.bmp", quarters("BMP"), "image/bmp"),
    ("scan.tif", quarters("TIFF"), "image/tiff"),
    ("scan.tiff", quarters("TIFF", compression="tiff_lzw"), "image/tiff"),
    ("fax.tiff", quarters("TIFF", mode="1", compression="group4"), "image/tiff"),
    ("palette.png", quarters("PNG", mode="P"), "image/png"),
    ("grey.png", quarters("PNG", mode="L"), "image/png"),
    ("grey-clear.png", quarters("PNG", mode="LA"), "image/png"),
    ("line.png", quarters("PNG", mode="1"), "image/png"),
    ("print.jpg", quarters("JPEG", mode="CMYK"), "image/jpeg"),
]
SOUND: list[tuple[str, bytes, str]] = [
    ("voice.webm", recorded("webm", "libopus"), "audio/webm;codecs=opus"),
    ("voice.webm", recorded("webm", "libopus"), ""),
    ("blob.weba", recorded("webm", "libopus", channels=2), "audio/webm"),
    ("stereo.webm", recorded("webm", "libopus", channels=2), "audio/webm"),
    ("vorbis.webm", recorded("webm", "vorbis", rate=44_100, channels=2), "audio/webm"),
    ("safari.mp4", recorded("mp4", "aac", pieces=True), "audio/mp4"),
    ("safari.mp4", recorded("mp4", "aac", rate=44_100, channels=2, pieces=True), "audio/mp4; codecs=mp4a.40.2"),
    ("whole.mp4", recorded("mp4", "aac"), "audio/x-m4a"),
    ("saved.mp4", recorded("mp4", "aac"), ""),
    ("saved.mp4", recorded("mp4", "aac", pieces=True), "video/mp4"),
    ("memo.3gp", recorded("3gp", "aac"), "audio/3gpp"),
    ("safari.m4a", recorded("mp4", "aac", pieces=True), "audio/mp4"),
    ("chrome.mp4", recorded("mp4", "libopus", pieces=True), "audio/mp4; codecs=opus"),
    ("firefox.ogg", recorded("ogg", "libopus", channels=2), "audio/ogg; codecs=opus"),
    ("old.ogg", recorded("ogg", "vorbis", rate=44_100, channels=2), "audio/ogg"),
    ("memo.wav", recorded("wav", "pcm_s16le", rate=44_100, channels=2), "audio/wav"),
    ("phone.wav", recorded("wav", "pcm_s16le", rate=8_000), "audio/x-wav"),
    ("memo.flac", recorded("flac", "flac", rate=44_100), "audio/flac"),
]
AS_THEY_ARE: list[tuple[str, bytes, str]] = [
    ("photo.jpg", quarters("JPEG", turned=6), "image/jpeg"),
    ("photo.png", quarters("PNG"), "image/png"),
    ("clear.png", quarters("PNG", mode="RGBA"), "image/png"),
    ("note.ogg", recorded("ogg", "libopus"), "audio/ogg"),
    ("song.m4a", recorded("ipod", "aac"), "audio/x-m4a"),
    ("film.mp4", recorded("mp4", "aac", moving=True), "audio/mp4"),
    ("film.3gp", recorded("3gp", "aac", moving=True), ""),
]


@pytest.mark.parametrize(("name", "content", "declared"), PICTURES)
@pytest.mark.usefixtures("in_this_process")
def test_pictures_become_jpeg(send: Any, prepare: Any, as_owner: Any, name: str, content: bytes, declared: str) -> None:
    sent = send(upload(name, content, declared), text="Look")
    assert sent.status_code == 201, sent.json()
    body = sent.json()
    assert (body["type"], body["status"], body["waiting"]["code"]) == ("image", "queued", "converting")
    media = body["media"]
    assert (media["state"], media["url"], media["file_name"], media["size"]) == ("converting", None, name, len(content))
    assert as_owner.get(media["original_url"]).getvalue() == content

    assert prepare() == 1

    body = shown(as_owner, body["id"])
    media = body["media"]
    assert (body["status"], body["waiting"], body["text"]) == ("queued", None, "Look")
    assert (media["state"], media["mime_type"], media["error"]) == ("ready", "image/jpeg", None)
    assert media["file_name"] == f"{name.rpartition('.')[0]}.jpg"
    made = as_owner.get(media["url"]).getvalue()
    assert media["size"] == len(made)
    with opened(made) as jpeg:
        assert (jpeg.format, jpeg.mode) == ("JPEG", "RGB")
        assert jpeg.size == (media["width"], media["height"])
        assert not jpeg.getexif(), "where it was taken, and with what, is nobody's business"
    assert as_owner.get(media["thumbnail_url"]).status_code == 200
    assert as_owner.get(media["original_url"]).getvalue() == content


@pytest.mark.parametrize(("name", "content", "declared"), SOUND)
@pytest.mark.usefixtures("in_this_process")
def test_recordings_become_voice_notes(
    send: Any, prepare: Any, as_owner: Any, name: str, content: bytes, declared: str
) -> None:
    sent = send(upload(name, content, declared))
    assert sent.status_code == 201, sent.json()
    body = sent.json()
    assert (body["type"], body["media"]["state"]) == ("audio", "converting")
    assert body["media"]["mime_type"].startswith("audio/")

    prepare()

    media = shown(as_owner, body["id"])["media"]
    assert (media["state"], media["mime_type"], media["error"]) == ("ready", "audio/ogg", None)
    assert media["file_name"] == f"{name.rpartition('.')[0]}.ogg"
    made = as_owner.get(media["url"]).getvalue()
    assert made.startswith(b"OggS")
    at = made.find(b"OpusHead")
    assert made[at + 9] == 1, "one channel"
    with av.open(io.BytesIO(made)) as voice:
        assert 0.4 < (voice.duration or 0) / 1_000_000 < 0.7
    assert as_owner.get(media["original_url"]).getvalue() == content


@pytest.mark.parametrize(("name", "content", "declared"), AS_THEY_ARE)
def test_what_whatsapp_takes_goes_as_it_is(
    send: Any, prepare: Any, as_owner: Any, name: str, content: bytes, declared: str
) -> None:
    body = send(upload(name, content, declared)).json()
    assert (body["media"]["state"], body["media"]["original_url"], body["waiting"]) == ("ready", None, None)
    picture_ = body["type"] == "image"
    assert prepare() == int(picture_)
    media = shown(as_owner, body["id"])["media"]
    assert as_owner.get(media["url"]).getvalue() == content
    assert bool(media["thumbnail_url"]) is picture_
    if picture_:
        upright = name == "photo.jpg"
        assert (media["width"], media["height"]) == ((60, 80) if upright else (80, 60))


class TestWhatComesOut:
    @pytest.mark.parametrize(("format", "turned"), [("HEIF", 6), ("AVIF", 6), ("WEBP", 6)])
    @pytest.mark.usefixtures("in_this_process")
    def test_it_is_upright(self, send: Any, prepare: Any, as_owner: Any, format: str, turned: int) -> None:
        ending = {"HEIF": "heic", "AVIF": "avif", "WEBP": "webp"}[format]
        body = send(upload(f"photo.{ending}", quarters(format, turned=turned))).json()
        prepare()
        media = shown(as_owner, body["id"])["media"]
        with opened(as_owner.get(media["url"]).getvalue()) as jpeg:
            assert jpeg.size == (60, 80)
            # Turned by a quarter, what was above on the left is above on the right.
            red, blue = jpeg.getpixel((50, 10)), jpeg.getpixel((10, 10))
        assert red[0] > 180 > 80 > red[2], red  # type: ignore[index]
        assert blue[2] > 180 > 80 > blue[0], blue  # type: ignore[index]

    @pytest.mark.usefixtures("in_this_process")
    def test_what_is_clear_becomes_white(self, send: Any, prepare: Any, as_owner: Any) -> None:
        clear = io.BytesIO()
        Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(clear, "AVIF")
        body = send(upload("clear.avif", clear.getvalue())).json()
        prepare()
        with opened(as_owner.get(shown(as_owner, body["id"])["media"]["url"]).getvalue()) as jpeg:
            assert min(jpeg.getpixel((20, 20))) > 250  # type: ignore[type-var, arg-type]

    @pytest.mark.usefixtures("in_this_process")
    def test_sixteen_bits_keep_their_brightness(self, send: Any, prepare: Any, as_owner: Any) -> None:
        grey = io.BytesIO()
        Image.new("I;16", (40, 40), 128 * 256).save(grey, "PNG")
        body = send(upload("scan.png", grey.getvalue())).json()
        prepare()
        with opened(as_owner.get(shown(as_owner, body["id"])["media"]["url"]).getvalue()) as jpeg:
            assert jpeg.getpixel((20, 20)) == pytest.approx((128, 128, 128), abs=3)

    @pytest.mark.parametrize(
        ("name", "format", "mode"),
        [("photo.jpg", "JPEG", "RGB"), ("shot.png", "PNG", "RGB"), ("shot.png", "PNG", "RGBA")],
    )
    def test_what_is_too_large_becomes_small_enough(
        self, send: Any, prepare: Any, as_owner: Any, name: str, format: str, mode: str
    ) -> None:
        content = noise(format, 2200, 1600, mode)
        assert len(content) > 5 * MB
        body = send(upload(name, content)).json()
        assert body["media"]["state"] == "converting"
        prepare()
        media = shown(as_owner, body["id"])["media"]
        assert media["state"] == "ready", media
        assert media["size"] <= 5 * MB
        assert 1000 < media["width"] <= 2200
        assert media["width"] / media["height"] == pytest.approx(2200 / 1600, rel=0.01)

    @pytest.mark.usefixtures("in_this_process")
    def test_metadata_is_there_before(self) -> None:
        with opened(quarters("HEIF", turned=1)) as given:
            assert MAKER in given.getexif()
            assert ORIENTATION in given.getexif()


class TestHowItGoesOut:
    @pytest.mark.usefixtures("in_this_process")
    def test_it_waits_and_nothing_overtakes_it(
        self, send: Any, prepare: Any, relay_turn: Any, transport: Any, as_owner: Any, customer: Any
    ) -> None:
        photo = send(upload("photo.heic", quarters("HEIF"))).json()["id"]
        text = as_owner.post("/api/messages/", {"customer": customer.pk, "text": "after it"}).json()
        assert text["waiting"]["code"] == "behind"
        assert relay_turn() == 0
        prepare()
        assert (relay_turn(), relay_turn()) == (1, 1)
        assert [message.pk for message in transport.sent] == [photo, text["id"]]
        assert [file.mime_type for file in transport.uploaded] == ["image/jpeg"]

    @pytest.mark.usefixtures("in_this_process")
    def test_screens_are_told(self, send: Any, prepare: Any, customer: Any) -> None:
        send(upload("photo.heic", quarters("HEIF")))
        before = Event.objects.filter(customer=customer).latest("seq")
        assert (before.type, before.data["media"]["state"]) == ("chat_message", "converting")
        assert "url" not in before.data["media"]
        prepare()
        after = Event.objects.get(customer=customer, seq__gt=before.seq)
        assert (after.type, after.data["media"]["state"], after.data["waiting"]) == ("message_updated", "ready", None)

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("photo.heic", quarters("HEIF")[:-60]),
            ("photo.avif", quarters("AVIF")[:300]),
            ("voice.webm", recorded("webm", "libopus")[:120]),
        ],
    )
    def test_what_cannot_be_converted_fails(
        self, send: Any, prepare: Any, relay_turn: Any, transport: Any, as_owner: Any, customer: Any, name: str,
        content: bytes,
    ) -> None:  # fmt: skip
        sent = send(upload(name, content, "audio/webm" if name == "voice.webm" else ""))
        assert sent.status_code == 201, sent.json()
        broken = sent.json()["id"]
        text = as_owner.post("/api/messages/", {"customer": customer.pk, "text": "after it"}).json()["id"]
        prepare()
        body = shown(as_owner, broken)
        assert (body["status"], body["error"]["code"], body["error"]["retryable"]) == ("failed", "not_converted", False)
        assert body["error"]["detail"] == body["media"]["error"] != ""
        assert (body["media"]["state"], body["media"]["url"]) == ("failed", None)
        assert as_owner.get(body["media"]["original_url"]).getvalue() == content
        assert Event.objects.filter(customer=customer, type="message_status", data__status="failed").count() == 1
        assert relay_turn() == 1
        assert [message.pk for message in transport.sent] == [text]

    def test_retrying_converts_again(self, send: Any, prepare: Any, as_owner: Any) -> None:
        message = send(upload("photo.avif", quarters("AVIF")[:300])).json()["id"]
        prepare()
        again = as_owner.post(f"/api/messages/{message}/retry/").json()
        assert (again["status"], again["waiting"]["code"]) == ("queued", "converting")
        assert again["media"]["state"] == "converting"
        assert prepare() == 1
        assert shown(as_owner, message)["status"] == "failed"

    def test_a_full_disk_is_waited_for(
        self, send: Any, prepare: Any, as_owner: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        message = send(upload("photo.heic", quarters("HEIF"))).json()["id"]
        with monkeypatch.context() as full:
            full.setattr(preparations, "keep_converted", _full)
            prepare()
        assert shown(as_owner, message)["media"]["state"] == "converting"
        assert prepare() == 0, "after a pause"
        Attachment.objects.update(attempts=preparations.TRIES - 1, not_before="2000-01-01T00:00:00Z")
        with monkeypatch.context() as full:
            full.setattr(preparations, "keep_converted", _full)
            prepare()
        error = shown(as_owner, message)["error"]
        assert (error["code"], error["retryable"]) == ("not_converted", True)

    @pytest.mark.usefixtures("in_this_process")
    def test_a_relay_that_died_is_followed_by_another(
        self, send: Any, prepare: Any, relay_turn: Any, transport: Any, as_owner: Any
    ) -> None:
        message = send(upload("photo.heic", quarters("HEIF"))).json()["id"]
        (job,) = Preparations().claim(10)
        assert prepare() == 0, "somebody is at it"
        make_due(0)
        Preparations().settle(everything=True)
        assert prepare() == 1
        Preparations().run(job)  # the first one was only slow
        assert relay_turn() == 1
        assert len(transport.sent) == 1
        assert Event.objects.filter(type="message_updated").count() == 1
        stored = list(Path(Attachment.objects.get(message=message).file.path).parent.iterdir())
        assert len(stored) == 1, "what the slow one made is gone"


def _full(**_: Any) -> None:
    raise CannotStore


class TestOfAnotherProcess:
    """What comes in may be made to break decoders."""

    def test_one_that_takes_too_long_is_ended(
        self, send: Any, prepare: Any, as_owner: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(starting, "WALL_SECONDS", -4.9)
        message = send(upload("photo.heic", quarters("HEIF"))).json()["id"]
        monkeypatch.setattr(starting.subprocess, "run", _slow)
        prepare()
        assert "too long" in shown(as_owner, message)["error"]["detail"]

    def test_one_without_enough_memory_breaks_alone(
        self, send: Any, prepare: Any, as_owner: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(starting, "MEMORY_BYTES", 64 * MB)
        message = send(upload("photo.heic", quarters("HEIF"))).json()["id"]
        prepare()
        body = shown(as_owner, message)
        assert (body["status"], body["error"]["code"]) == ("failed", "not_converted")

    def test_it_knows_no_secret(self, send: Any, prepare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[dict[str, Any]] = []
        run = subprocess.run

        def noting(command: Any, **options: Any) -> Any:
            seen.append({"command": command, **options})
            return run(command, **options)

        monkeypatch.setattr(starting.subprocess, "run", noting)
        send(upload("photo.heic", quarters("HEIF")))
        prepare()
        assert set(seen[0]["env"]) == {"MALLOC_ARENA_MAX", "LANG"}
        asked = json.loads(seen[0]["command"][-1])
        assert asked["max_pixels"] == 8192 * 6144

    def test_a_picture_with_too_many_pixels_is_not_decoded(self) -> None:
        bomb = io.BytesIO(picture("PNG", (300, 300)))
        asked = {"formats": ["PNG"], "max_pixels": 1000, "max_bytes": MB}
        with pytest.raises(Refused, match="at most"):
            to_jpeg(bomb, io.BytesIO(), asked)


def _slow(command: Any, **options: Any) -> Any:
    raise subprocess.TimeoutExpired(command, options["timeout"])


def test_whoever_may_not_see_the_chat_gets_no_original(
    send: Any, as_stranger: Any, as_admin: Any, as_customer: Any
) -> None:
    url = send(upload("photo.heic", quarters("HEIF"))).json()["media"]["original_url"].partition("?")[0]
    assert as_admin.get(url).status_code == 200
    assert (as_stranger.get(url).status_code, as_customer.get(url).status_code) == (404, 404)


def test_originals_go_with_their_customer(
    send: Any, prepare: Any, as_admin: Any, customer: Any, django_capture_on_commit_callbacks: Any, tmp_path: Path
) -> None:
    send(upload("photo.heic", quarters("HEIF")))
    prepare()
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 3
    with django_capture_on_commit_callbacks(execute=True):
        assert as_admin.delete(f"/api/customers/customers/{customer.pk}/").status_code == 204
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_refused_request_leaves_no_original(send: Any, tmp_path: Path) -> None:
    refused = send(upload("photo.heic", quarters("HEIF")), upload("run.exe", b"MZ"), jpeg())
    assert refused.status_code == 400
    assert not Message.objects.filter(direction="outbound").exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
