"""Meta's table of files: which kinds it takes as what, and how large."""

from dataclasses import dataclass
from typing import Any

from rest_framework.exceptions import ValidationError

from core.files.kinds import kind_of
from core.files.uploads import UploadRefused, check_upload, webp_size

KB, MB = 1024, 1024 * 1024


@dataclass(frozen=True)
class Limit:
    types: frozenset[str]
    most: int
    named: str


_OFFICE = "application/vnd.openxmlformats-officedocument."
LIMITS: dict[str, Limit] = {
    "image": Limit(frozenset({"image/jpeg", "image/png"}), 5 * MB, "JPEG and PNG"),
    "video": Limit(frozenset({"video/mp4", "video/3gpp"}), 16 * MB, "MP4 and 3GPP"),
    "audio": Limit(
        frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
        16 * MB,
        "AAC, AMR, MP3, M4A and OGG with Opus",
    ),
    "document": Limit(
        frozenset(
            {
                "text/plain",
                "application/pdf",
                "application/msword",
                "application/vnd.ms-excel",
                "application/vnd.ms-powerpoint",
                f"{_OFFICE}wordprocessingml.document",
                f"{_OFFICE}spreadsheetml.sheet",
                f"{_OFFICE}presentationml.presentation",
            }
        ),
        100 * MB,
        "text, PDF, Word, Excel and PowerPoint",
    ),
    "sticker": Limit(frozenset({"image/webp"}), 500 * KB, "WebP"),
}
MEDIA_TYPES = frozenset(LIMITS)
STICKER_SIDE, STILL_STICKER = 512, 100 * KB


def type_of(file: Any) -> str:
    """What a file is sent as when nobody says. Raises ValidationError for one that WhatsApp does not take."""
    kind = kind_of(file.name or "")
    for name, limit in LIMITS.items():
        if kind is not None and kind.mime_type in limit.types:
            return name
    raise ValidationError({"media": [f"WhatsApp does not take this kind of file ({file.name})."]})


def check_file(file: Any, kind: str) -> str:
    """Return the type a file is sent as. Raises ValidationError for what Meta would not take as `kind`."""
    try:
        check_upload(file)
        return _checked(file, kind)
    except UploadRefused as error:
        raise ValidationError({"media": [str(error)]})


def _checked(file: Any, kind: str) -> str:
    limit, known = LIMITS[kind], kind_of(file.name or "")
    if known is None or known.mime_type not in limit.types:
        raise UploadRefused(f"As {kind} WhatsApp takes {limit.named}.")
    if file.size > limit.most:
        raise UploadRefused(
            f"As {kind} WhatsApp takes at most {_shown(limit.most)}; this file has {_shown(file.size)}."
        )
    file.seek(0)
    head = file.read(4096)
    file.seek(0)
    if known.mime_type == "image/png" and (head[24:25] != b"\x08" or head[25:26] not in (b"\x02", b"\x06")):
        raise UploadRefused("WhatsApp takes PNG in true colour with 8 bits per channel. Save the picture as JPEG.")
    if known.mime_type == "audio/ogg":
        _check_opus(head)
    if kind == "sticker":
        _check_sticker(head, file.size)
    return known.mime_type


def _check_opus(head: bytes) -> None:
    """The Opus header names the channels in its tenth byte."""
    at = head.find(b"OpusHead")
    if at < 0:
        raise UploadRefused("WhatsApp takes OGG files with Opus sound only.")
    if head[at + 9 : at + 10] != b"\x01":
        raise UploadRefused("WhatsApp takes OGG files with one channel (mono) only.")


def _check_sticker(head: bytes, size: int) -> None:
    if webp_size(head) != (STICKER_SIDE, STICKER_SIDE):
        raise UploadRefused(f"A sticker has {STICKER_SIDE} x {STICKER_SIDE} pixels.")
    animated = head[12:16] == b"VP8X" and bool(head[20] & 0x02)
    if size > STILL_STICKER and not animated:
        raise UploadRefused(f"A sticker that does not move has at most {_shown(STILL_STICKER)}.")


def _shown(size: int) -> str:
    return f"{size / MB:.0f} MB" if size >= MB and size % MB == 0 else f"{size / KB:,.0f} KB"
