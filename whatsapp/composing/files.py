"""Checks files before they are sent, by Meta's rules (docs/whatsapp.md, "Files")."""

from typing import Any

from rest_framework.exceptions import ValidationError

from core.files.kinds import HEAD_BYTES, kind_of
from core.files.uploads import UploadRefused, check_upload, webp_size
from whatsapp.limits import FILE_LIMITS, MAX_STILL_STICKER, STICKER_PIXELS, shown_size


def type_of(file: Any) -> str:
    """The type of message for a file. Raises ValidationError if WhatsApp does not accept it as any."""
    mime_type = _mime_type(file)
    for name, limit in FILE_LIMITS.items():
        if mime_type in limit.mime_types:
            return name
    raise ValidationError({"media": [f"WhatsApp does not accept this kind of file ({file.name})."]})


def _mime_type(file: Any) -> str:
    """What a file is by its name; empty if Patter does not know the name.

    Safari records voice as MP4 and names it so, but declares it as audio.
    """
    kind = kind_of(file.name or "")
    declared = (getattr(file, "content_type", "") or "").partition(";")[0].strip().lower()
    if kind is not None and kind.mime_type == "video/mp4" and declared in ("audio/mp4", "audio/x-m4a"):
        return "audio/mp4"
    return kind.mime_type if kind is not None else ""


def check_file(file: Any, kind: str) -> str:
    """Return the MIME type of a file. Raises ValidationError if WhatsApp refuses it in messages of the type `kind`."""
    try:
        check_upload(file)
        return _checked(file, kind)
    except UploadRefused as error:
        raise ValidationError({"media": [str(error)]})


def _checked(file: Any, kind: str) -> str:
    limit, mime_type = FILE_LIMITS[kind], _mime_type(file)
    if mime_type not in limit.mime_types:
        raise UploadRefused(f"In messages of the type {kind}, WhatsApp accepts {limit.described}.")
    if file.size > limit.max_bytes:
        raise UploadRefused(
            f"In messages of the type {kind}, WhatsApp accepts at most {shown_size(limit.max_bytes)}; "
            f"this file has {shown_size(file.size)}."
        )
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if mime_type == "image/png" and (head[24:25] != b"\x08" or head[25:26] not in (b"\x02", b"\x06")):
        raise UploadRefused("WhatsApp accepts PNG only in true colour with 8 bits per channel. Save it as JPEG.")
    if mime_type == "audio/ogg":
        _check_opus(head)
    if kind == "sticker":
        _check_sticker(head, file.size)
    return mime_type


def _check_opus(head: bytes) -> None:
    """The tenth byte of the Opus header is the number of channels."""
    at = head.find(b"OpusHead")
    if at < 0:
        raise UploadRefused("WhatsApp accepts OGG files only with Opus audio.")
    if head[at + 9 : at + 10] != b"\x01":
        raise UploadRefused("WhatsApp accepts OGG files only with one channel (mono).")


def _check_sticker(head: bytes, size: int) -> None:
    if webp_size(head) != (STICKER_PIXELS, STICKER_PIXELS):
        raise UploadRefused(f"A sticker must have {STICKER_PIXELS} x {STICKER_PIXELS} pixels.")
    animated = head[12:16] == b"VP8X" and bool(head[20] & 0x02)
    if size > MAX_STILL_STICKER and not animated:
        raise UploadRefused(f"A sticker without animation can have at most {shown_size(MAX_STILL_STICKER)}.")
