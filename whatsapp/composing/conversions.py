"""Which files are made into others before they are sent, because Meta does not take them as they are.

Pictures become JPEG, recordings become voice notes: Ogg with Opus and one channel (docs/whatsapp.md, "Files").
"""

from typing import Any

from PIL import Image

from core.files import mp4
from core.files.conversion.wanted import Wanted
from core.files.kinds import HEAD_BYTES
from core.files.names import ending_of
from core.files.uploads import UploadRefused, webp_size
from whatsapp.limits import FILE_LIMITS, MAX_STILL_STICKER, STICKER_PIXELS

# By the type of the message: what Meta does not take there, and Patter makes into something that it takes.
CONVERTED: dict[str, frozenset[str]] = {
    "image": frozenset(
        {"image/heic", "image/heif", "image/avif", "image/webp", "image/gif", "image/bmp", "image/tiff"}
    ),
    "audio": frozenset({"audio/webm", "audio/wav", "audio/flac"}),
}
_PICTURE = Wanted("image/jpeg", FILE_LIMITS["image"].max_bytes)
_VOICE = Wanted("audio/ogg", FILE_LIMITS["audio"].max_bytes)

# In PNG: eight bits for each channel, in true colour, with or without transparency.
_TRUE_COLOUR = ((8, 2), (8, 6))
# How Matroska names what is no sound. It stands in the head of the file.
_MOVING = (b"V_VP8", b"V_VP9", b"V_AV1", b"V_MPEG")


def file_wanted(mime_type: str) -> Wanted:
    """What a file of this type becomes."""
    return _PICTURE if mime_type.startswith("image/") else _VOICE


def must_convert(file: Any, mime_type: str, kind: str) -> bool:
    """Whether a file that Patter accepts has to be converted before it can be sent in messages of the type `kind`.

    Reads its first bytes. Afterwards it can be read from its start.
    """
    if mime_type in CONVERTED.get(kind, ()):
        return True
    head = head_of(file)
    if mime_type == "image/png":
        return file.size > FILE_LIMITS["image"].max_bytes or tuple(head[24:26]) not in _TRUE_COLOUR
    if mime_type == "image/jpeg":
        return file.size > FILE_LIMITS["image"].max_bytes or _is_for_print(file)
    if mime_type == "audio/mp4":
        # What a browser records comes in pieces, which phones do not play. Of its name, only the type is sure.
        return b"mvex" in head or ending_of(file.name or "") != "m4a"
    return mime_type == "audio/ogg" and not is_voice_note(head)


def is_voice_note(head: bytes) -> bool:
    """Whether an Ogg file holds Opus in one channel. The tenth byte of the header of Opus is their number."""
    at = head.find(b"OpusHead")
    return at >= 0 and head[at + 9 : at + 10] == b"\x01"


def is_sticker(file: Any) -> bool:
    """Whether a WebP is one, or would be if it were smaller. Any other one is a picture."""
    head = head_of(file)
    right_size = webp_size(head) == (STICKER_PIXELS, STICKER_PIXELS)
    return right_size and (file.size <= MAX_STILL_STICKER or is_moving_webp(head))


def is_moving_webp(head: bytes) -> bool:
    """Whether the flag for animation is set in an extended WebP."""
    return head[12:16] == b"VP8X" and bool(head[20] & 0x02)


def is_sound(file: Any) -> bool:
    """Whether a WebM, MP4 or 3GP was recorded without pictures: it says so, or does not and is declared as sound."""
    head = head_of(file)
    said = mp4.is_sound(file) if head[4:8] == b"ftyp" else _is_sound_webm(head)
    file.seek(0)
    return said if said is not None else (getattr(file, "content_type", "") or "").lower().startswith("audio/")


def _is_sound_webm(head: bytes) -> bool | None:
    if any(codec in head for codec in _MOVING):
        return False
    return True if b"A_OPUS" in head or b"A_VORBIS" in head else None


def check_convertible(file: Any, mime_type: str) -> None:
    """Raise UploadRefused for a picture of which something would be missing as JPEG: it moves, or has more pages."""
    format = mime_type.removeprefix("image/").upper()
    if format == "WEBP":
        several = is_moving_webp(head_of(file))
    elif format == "AVIF":
        several = head_of(file)[8:12] == b"avis"
    elif format in ("GIF", "TIFF"):
        several = _has_second(file, format)
    else:
        return
    if several:
        said = "A TIFF of several pages cannot be sent. Save it as PDF."
        raise UploadRefused(said if format == "TIFF" else "An animated picture cannot be sent. Save it as MP4.")


def head_of(file: Any) -> bytes:
    """The first bytes of a file. Afterwards it can be read from its start."""
    file.seek(0)
    head: bytes = file.read(HEAD_BYTES)
    file.seek(0)
    return head


def _is_for_print(file: Any) -> bool:
    """Whether a JPEG has the colours of a printer (CMYK), which WhatsApp does not show."""
    try:
        with Image.open(file, formats=["JPEG"]) as picture:
            return picture.mode == "CMYK"
    finally:
        file.seek(0)


def _has_second(file: Any, format: str) -> bool:
    try:
        with Image.open(file, formats=[format]) as picture:
            picture.seek(1)
    except EOFError:
        return False
    except (OSError, SyntaxError, ValueError) as error:
        raise UploadRefused("The picture is damaged.") from error
    finally:
        file.seek(0)
    return True
