"""What a file is to become."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    """What a file becomes: a type (`image/jpeg`, or `audio/ogg` for a voice note), and the most bytes it may have."""

    mime_type: str
    max_bytes: int
