"""Writes a picture as a JPEG that is no larger than asked. Run by starting.py."""

import math
from contextlib import suppress
from io import BytesIO
from typing import IO, Any

import pillow_heif
from PIL import AvifImagePlugin, Image, ImageCms, ImageOps, UnidentifiedImageError

from core.files.conversion.process import Refused, work

# Good, and good enough, before a picture gets fewer pixels.
_QUALITIES = (90, 80)
# No phone shows more, and JPEG itself ends at 65,535.
_LONGEST_SIDE = 12_000

_UNREADABLE = (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, RuntimeError)


def to_jpeg(source: IO[bytes], target: IO[bytes], asked: dict[str, Any]) -> None:
    """The first picture of a file: upright, in sRGB, over white, and without metadata such as where it was taken."""
    pillow_heif.register_heif_opener(thumbnails=False)
    try:
        with Image.open(source, formats=asked["formats"]) as picture:
            if picture.width * picture.height > asked["max_pixels"]:
                raise Refused(f"The picture may have at most {asked['max_pixels']:,} pixels.")
            picture.load()
            ImageOps.exif_transpose(picture, in_place=True)
            plain = _in_srgb(_flat(picture), picture.info.get("icc_profile"))
    except _UNREADABLE as error:
        raise Refused("The picture is damaged, or of a kind that cannot be read.") from error
    plain.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    target.write(_fitting(plain, asked["max_bytes"]))


def _flat(picture: Image.Image) -> Image.Image:
    """The picture in RGB, or in CMYK if it is. What is transparent becomes white."""
    if picture.mode.startswith("I"):  # 16 bits, of which a conversion would cut off what is above 255
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if not picture.has_transparency_data:
        return picture if picture.mode == "CMYK" else picture.convert("RGB")
    clear = picture.convert("RGBA")
    white = Image.new("RGB", clear.size, "white")
    white.paste(clear, mask=clear.getchannel("A"))
    return white


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in the colours that every screen takes for granted: its profile goes with its metadata."""
    if profile:
        with suppress(ImageCms.PyCMSError, OSError):  # the profile of something else, or a broken one
            given, wanted = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
            picture = ImageCms.profileToProfile(picture, given, wanted, outputMode="RGB") or picture
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _fitting(picture: Image.Image, max_bytes: int) -> bytes:
    for quality in _QUALITIES:
        if len(made := _encoded(picture, quality)) <= max_bytes:
            return made
    while len(made) > max_bytes:
        part = min(math.sqrt(max_bytes / len(made)), 0.95)
        width, height = (max(1, int(side * part)) for side in picture.size)
        picture = picture.resize((width, height))
        made = _encoded(picture, _QUALITIES[-1])
    return made


def _encoded(picture: Image.Image, quality: int) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


if __name__ == "__main__":
    # Of this process alone: both are settings of a whole library.
    pillow_heif.options.DECODE_THREADS = AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each takes memory of its own
    Image.MAX_IMAGE_PIXELS = None  # to_jpeg counts them
    work(to_jpeg)
