"""Has a file converted by another process, and waits for it."""

import json
import logging
import subprocess
import sys
from typing import IO, Any

from django.conf import settings

from core.files.conversion.process import REFUSED
from core.files.conversion.wanted import Wanted
from core.files.uploads import MAX_PIXELS

logger = logging.getLogger(__name__)

# A picture of 50 megapixels takes 10 s and, as AVIF, 1.5 GB; the photo of a phone has a quarter of that.
SECONDS, MEMORY_BYTES = 90, 2 * 1024**3
# Of the clock on the wall, on a machine that has other things to do.
WALL_SECONDS = 240
# What a process may write, so that none fills the disk.
_LARGEST_FILE = 64 * 1024 * 1024

# How Pillow and FFmpeg name what a file is, by its type. HEIC and AVIF are the same container, and often go under each
# other's names.
_PICTURES: dict[str, tuple[str, ...]] = {
    "image/heic": ("HEIF", "AVIF"),
    "image/heif": ("HEIF", "AVIF"),
    "image/avif": ("AVIF", "HEIF"),
    "image/jpeg": ("JPEG",),
    "image/png": ("PNG",),
    "image/webp": ("WEBP",),
    "image/gif": ("GIF",),
    "image/bmp": ("BMP",),
    "image/tiff": ("TIFF",),
}
_SOUND: dict[str, tuple[str, ...]] = {
    "audio/webm": ("matroska",),
    "audio/mp4": ("mov",),
    "audio/ogg": ("ogg",),
    "audio/wav": ("wav",),
    "audio/flac": ("flac",),
}
_MODULES = {"image/jpeg": "jpeg", "audio/ogg": "voice"}


class CannotConvert(ValueError):
    """The file cannot be converted; `str()` says why, in words for whoever sent it."""


def convert(source: IO[bytes], into: IO[bytes], *, mime_type: str, wanted: Wanted) -> None:
    """Convert a file of the given type. Both are files on disk, with a descriptor. Raises CannotConvert and OSError."""
    asked = {
        "formats": (_PICTURES | _SOUND)[mime_type],
        "max_bytes": wanted.max_bytes,
        "max_pixels": MAX_PIXELS,
        "seconds": SECONDS,
        "wall_seconds": WALL_SECONDS,
        "memory": MEMORY_BYTES,
        "largest_file": _LARGEST_FILE,
    }
    source.seek(0)
    _run(f"core.files.conversion.{_MODULES[wanted.mime_type]}", asked, source, into)
    into.seek(0)


def _run(module: str, asked: dict[str, Any], source: IO[bytes], into: IO[bytes]) -> None:
    command = [sys.executable, "-E", "-s", "-m", module, json.dumps(asked)]
    try:
        done = subprocess.run(
            command,
            stdin=source,
            stdout=into,
            stderr=subprocess.PIPE,
            timeout=WALL_SECONDS + 5,  # it ends by itself before, unless the machine stands still
            # No secrets. Few arenas, so that its memory is what it uses.
            env={"MALLOC_ARENA_MAX": "2", "LANG": "C.UTF-8"},
            cwd=settings.BASE_DIR,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CannotConvert("Converting the file took too long.") from None
    said = done.stderr.decode(errors="replace")
    if done.returncode == REFUSED:
        raise CannotConvert(said)
    if done.returncode != 0:
        logger.warning("%s ended with %d: %s", module, done.returncode, said[-500:])
        raise CannotConvert("The file could not be converted.")
