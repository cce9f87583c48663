"""Previews of pictures: their size and a thumbnail."""

import io
import struct
from dataclasses import dataclass
from typing import IO

from PIL import Image

from core.files.uploads import PICTURE_BOMBS, UploadRefused, picture_size

THUMBNAIL_PIXELS = 480
# A JPEG is decoded small at once. Others are decoded whole first: so many pixels take 100 MB, in each of the threads
# that fetch files.
MAX_DECODED_PIXELS = 25_000_000

_FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]
_ORIENTATION = 0x0112
# Turned by a quarter, so that width and height change places; the other values keep them.
_SIDEWAYS = {5, 6, 7, 8}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Preview:
    """What a list shows of a picture. Empty if the picture cannot be read. `ending` is that of the thumbnail."""

    width: int | None = None
    height: int | None = None
    thumbnail: bytes | None = None
    ending: str = ""


def preview_of(file: IO[bytes], ending: str) -> Preview:
    """Return the size a picture with this ending is shown at, and a thumbnail of at most 480 pixels a side.

    A picture with more pixels than an upload may have is not decoded. Never raises because of what the file contains.
    """
    try:
        size = picture_size(file, ending)
    except UploadRefused:
        return Preview()
    if size is None or min(size) < 1:
        return Preview()
    try:
        return _decoded(file, size)
    except (OSError, ValueError, SyntaxError, struct.error, *PICTURE_BOMBS):
        return Preview(*size)


def _decoded(file: IO[bytes], size: tuple[int, int]) -> Preview:
    file.seek(0)
    with Image.open(file, formats=_FORMATS) as picture:
        picture.draft("RGB", (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        if picture.width * picture.height > MAX_DECODED_PIXELS:
            return Preview(*size)
        orientation = picture.getexif().get(_ORIENTATION, 1)
        picture.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        clear = "A" in picture.getbands() or "transparency" in picture.info
        small = picture.convert("RGBA" if clear else "RGB")
    if orientation in _TURNS:
        small = small.transpose(_TURNS[orientation])
    width, height = reversed(size) if orientation in _SIDEWAYS else size
    buffer = io.BytesIO()
    small.save(buffer, "WEBP" if clear else "JPEG", quality=80)
    return Preview(width, height, buffer.getvalue(), "webp" if clear else "jpg")
