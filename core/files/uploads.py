"""Checks of an uploaded file before it is stored: its size, its kind by ending and content, and its pixels.

Nothing is decoded or unpacked. The checks read a few kilobytes of header, so a decompression bomb costs no more than
its own size.
"""

import re
import struct
import warnings
from typing import IO, Any

from django.conf import settings
from PIL import Image, UnidentifiedImageError

from core.files.kinds import HEAD_BYTES, OLE, Family, kind_of, may_be_declared
from core.files.names import ending_of, shown_name

# Of a phone's camera of "50 megapixels".
MAX_PIXELS = 8192 * 6144
# Also protects code that decodes a picture later. Pillow's own limit is seven times as high, and only a warning.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
# Pillow raises these for a picture above the limit.
PICTURE_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)

# The list of names in the archive of an office document takes a few kilobytes.
_MAX_DIRECTORY = 4 * 1024 * 1024
_WORD_PART, _EXCEL_PART, _POWERPOINT_PART = b"word/document.xml", b"xl/workbook.xml", b"ppt/presentation.xml"
_OPEN_XML_PART = {"docx": _WORD_PART, "xlsx": _EXCEL_PART, "pptx": _POWERPOINT_PART}
_OLD_OFFICE_PART = {"doc": _WORD_PART, "xls": _EXCEL_PART, "ppt": _POWERPOINT_PART}
_JPEGS = dict.fromkeys(("jpg", "jpeg", "jpe", "jfif"), "JPEG")
_CODECS = {"png": "PNG", **_JPEGS, "gif": "GIF", "bmp": "BMP", "tif": "TIFF", "tiff": "TIFF"}
# What the container of an office document with a password holds (MS-OFFCRYPTO 2.3), in the names of its directory.
_LOCKED_PART = "EncryptedPackage".encode("utf-16-le")
_DIRECTORY_BYTES = 4096


class UploadRefused(ValueError):
    """The file is not accepted; `str()` tells the sender why."""


def check_upload(file: Any) -> None:
    """Raise UploadRefused if a file is too large, of a kind that is not accepted, or not what it claims to be.

    `file` is Django's UploadedFile. Afterwards it can be read from its start.
    """
    if file.size > settings.MAX_UPLOAD_MB * 1024 * 1024:
        raise UploadRefused(f"The file is larger than {settings.MAX_UPLOAD_MB} MB.")
    name = shown_name(file.name or "")
    kind, ending = kind_of(name), ending_of(name)
    if kind is None:
        accepted = ", ".join(family.value for family in Family)
        named = f"Files ending in .{ending}" if ending else "Files without an ending"
        raise UploadRefused(f"{named} are not accepted. You can upload {accepted}.")
    if file.size == 0:
        raise UploadRefused("The submitted file is empty.")
    file.seek(0)
    genuine = kind.looks_right(file.read(HEAD_BYTES)) and may_be_declared(kind, getattr(file, "content_type", "") or "")
    if not (genuine and _holds_together(file, kind.family, ending)):
        raise UploadRefused(f"The content of the file does not match its name (.{ending}) or its type.")
    file.seek(0)


def _holds_together(file: Any, family: Family, ending: str) -> bool:
    """Make the checks that read more than the first bytes. Raises UploadRefused for a picture that is too large."""
    if family is Family.PICTURE:
        return _check_pixels(file, ending)
    if family is Family.TEXT:
        return _is_text(file)
    if part := _OPEN_XML_PART.get(ending):
        return _LOCKED_PART in _ole_directory(file) if _starts_with(file, OLE) else _is_open_xml(file, part)
    if (part := _OLD_OFFICE_PART.get(ending)) and _starts_with(file, b"PK"):
        return _is_open_xml(file, part)
    return True


def _check_pixels(file: IO[bytes], ending: str) -> bool:
    size = picture_size(file, ending)
    if size is None or min(size) < 1:
        return False
    width, height = size
    if width * height > MAX_PIXELS:
        raise UploadRefused(f"The picture has {width} x {height} pixels. It may have at most {MAX_PIXELS:,}.")
    return True


def picture_size(file: IO[bytes], ending: str) -> tuple[int, int] | None:
    """Return width and height from the header, or None if it is not such a picture.

    Raises UploadRefused for a huge one. WebP, HEIC and AVIF are read here, because Pillow would load the whole file and
    set up a decoder.
    """
    file.seek(0)
    if ending == "webp":
        return webp_size(file.read(30))
    if ending in ("heic", "heif", "avif"):
        # The box `ispe` holds the size of an image. A picture made of tiles has several; the largest is the whole.
        boxes = re.findall(rb"ispe\x00{4}(.{8})", file.read(256 * 1024), re.DOTALL)
        return max((struct.unpack(">II", box) for box in boxes), default=None, key=lambda size: size[0] * size[1])
    try:
        with Image.open(file, formats=[_CODECS[ending]]) as picture:
            return picture.size
    except PICTURE_BOMBS:
        raise UploadRefused(f"The picture is too large. It may have at most {MAX_PIXELS:,} pixels.")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, struct.error):
        return None


def webp_size(head: bytes) -> tuple[int, int] | None:
    """Return width and height of a WebP from its first 30 bytes, or None if it is not one."""
    if len(head) < 30:
        return None
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head[12:16] == b"VP8L" and head[20] == 0x2F:
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if head[12:16] == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _is_text(file: Any) -> bool:
    """Whether there is no NUL anywhere, or a byte order mark says that it is UTF-16."""
    file.seek(0)
    if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
        return True
    return all(b"\x00" not in chunk for chunk in file.chunks(1024 * 1024))


def _is_open_xml(file: IO[bytes], part: bytes) -> bool:
    directory = _zip_directory(file)
    return part in directory and b"[Content_Types].xml" in directory


def _starts_with(file: IO[bytes], signature: bytes) -> bool:
    file.seek(0)
    return file.read(len(signature)) == signature


def _ole_directory(file: IO[bytes]) -> bytes:
    """Return the beginning of the directory of an OLE container (MS-CFB 2.2), or nothing if there is none."""
    file.seek(0)
    head = file.read(52)
    if len(head) < 52:
        return b""
    (shift,) = struct.unpack("<H", head[30:32])
    (sector,) = struct.unpack("<I", head[48:52])
    if shift not in (9, 12):
        return b""
    file.seek((sector + 1) << shift)
    return file.read(_DIRECTORY_BYTES)


def _zip_directory(file: IO[bytes]) -> bytes:
    """Return the bytes of a ZIP's list of members, or none if it has no list or an absurdly long one."""
    file.seek(0, 2)
    size = file.tell()
    tail_at = max(size - 65_557, 0)
    file.seek(tail_at)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return b""
    length, offset = struct.unpack("<II", tail[at + 12 : at + 20])
    if length > _MAX_DIRECTORY or offset > size:
        return b""
    file.seek(offset)
    return file.read(length)
