"""What the boxes of an MP4, M4A or 3GP say of it (ISO/IEC 14496-12). Nothing is decoded."""

import os
import re
import struct
from typing import IO

# A recorder writes a few boxes before the description, or after the sound.
_MOST_BOXES = 64
# A description has some bytes for each frame: a megabyte is an hour.
_LARGEST_DESCRIPTION = 16 * 1024 * 1024
# The box in each track that names its kind, behind a version, flags and four bytes that say nothing.
_KINDS = re.compile(rb"hdlr.{8}(.{4})", re.DOTALL)


def is_sound(file: IO[bytes]) -> bool | None:
    """Whether there is sound and no picture that moves; None if the file does not say."""
    kinds = _KINDS.findall(_description(file))
    if b"vide" in kinds:
        return False
    return True if b"soun" in kinds else None


def _description(file: IO[bytes]) -> bytes:
    """The box `moov`, which stands before or behind the content; empty if there is none."""
    end, at = file.seek(0, os.SEEK_END), 0
    for _ in range(_MOST_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            break
        size, name = struct.unpack(">I4s", head[:8])
        if size == 1 and len(head) == 16:
            (size,) = struct.unpack(">Q", head[8:])
        if name == b"moov":
            file.seek(at)
            return file.read(min(size or end, _LARGEST_DESCRIPTION))
        if size < 8:  # 0: it goes to the end
            break
        at += size
    return b""
