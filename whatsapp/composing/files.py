"""Checks files before they are sent, by Meta's rules (docs/whatsapp.md, "Files")."""

from typing import Any

from rest_framework.exceptions import ValidationError

from core.files.kinds import kind_of
from core.files.uploads import UploadRefused, check_upload, webp_size
from whatsapp.composing.conversions import (
    CONVERTED,
    check_convertible,
    head_of,
    is_moving_webp,
    is_sound,
    is_sticker,
    must_convert,
)
from whatsapp.limits import FILE_LIMITS, MAX_STILL_STICKER, STICKER_PIXELS, shown_size


def type_of(file: Any) -> str:
    """The type of message for a file. Raises ValidationError if WhatsApp does not accept it as any."""
    mime_type = _mime_type(file)
    if mime_type == "image/webp":
        return "sticker" if is_sticker(file) else "image"
    for name, limit in FILE_LIMITS.items():
        if mime_type in limit.mime_types | CONVERTED.get(name, frozenset()):
            return name
    raise ValidationError({"media": [f"WhatsApp does not accept this kind of file ({file.name})."]})


def _mime_type(file: Any) -> str:
    """What a file is by its name; empty if Patter does not know the name.

    Browsers and phones record voice as MP4, 3GP or WebM and name it so: what has no pictures is audio.
    """
    kind = kind_of(file.name or "")
    if kind is None:
        return ""
    if kind.mime_type in ("video/mp4", "video/3gpp") and is_sound(file):
        return "audio/mp4"
    if kind.mime_type == "video/webm" and is_sound(file):
        return "audio/webm"
    return kind.mime_type


def check_file(file: Any, kind: str) -> str:
    """Return the MIME type of a file. Raises ValidationError if WhatsApp refuses it in messages of the type `kind`."""
    try:
        check_upload(file)
        return _checked(file, kind)
    except UploadRefused as error:
        raise ValidationError({"media": [str(error)]})


def _checked(file: Any, kind: str) -> str:
    limit, mime_type = FILE_LIMITS[kind], _mime_type(file)
    if mime_type not in limit.mime_types | CONVERTED.get(kind, frozenset()):
        raise UploadRefused(f"In messages of the type {kind}, WhatsApp accepts {limit.described}.")
    if must_convert(file, mime_type, kind):
        check_convertible(file, mime_type)
        return mime_type
    if file.size > limit.max_bytes:
        raise UploadRefused(
            f"In messages of the type {kind}, WhatsApp accepts at most {shown_size(limit.max_bytes)}; "
            f"this file has {shown_size(file.size)}."
        )
    if kind == "sticker":
        _check_sticker(head_of(file), file.size)
    return mime_type


def _check_sticker(head: bytes, size: int) -> None:
    if webp_size(head) != (STICKER_PIXELS, STICKER_PIXELS):
        raise UploadRefused(f"A sticker must have {STICKER_PIXELS} x {STICKER_PIXELS} pixels.")
    if size > MAX_STILL_STICKER and not is_moving_webp(head):
        raise UploadRefused(f"A sticker without animation can have at most {shown_size(MAX_STILL_STICKER)}.")
