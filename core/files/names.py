"""Names of files: as they are received, shown and stored."""

import re
import unicodedata

from django.db import models
from django.utils import timezone
from django.utils.deconstruct import deconstructible

# The longest name the database columns hold.
_MAX_NAME = 255
_MAX_STEM = 60
# Control characters, and those that change the direction of writing: `photo[RTLO]gpj.exe` reads as `photoexe.jpg`.
# The joiners U+200C and U+200D are kept, because Sinhala and Persian are spelt with them.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_NOT_IN_A_FILE_NAME = re.compile(r"[^A-Za-z0-9_-]+")


def ending_of(name: str) -> str:
    """Return the ending of a file's name in lower case without the dot, or "" if it has none."""
    stem, dot, ending = name.rpartition(".")
    return ending.lower() if dot and stem else ""


def shown_name(name: str) -> str:
    """Return a file's original name as it may be shown and sent in a header: no paths, no invisible characters."""
    return clean_name(name) or "file"


def clean_name(name: str) -> str:
    """Return a file's name without paths and invisible characters. The result may be empty."""
    name = _INVISIBLE.sub("", name.replace("\\", "/").rpartition("/")[2]).strip()
    if len(name) > _MAX_NAME:
        ending = ending_of(name)[:20]
        name = f"{name[: _MAX_NAME - len(ending) - 1]}.{ending}"
    return name


def stored_name(name: str) -> str:
    """Return the name a file is stored under: plain ASCII with one ending. The storage makes it unique."""
    stem, _, ending = shown_name(name).rpartition(".")
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    plain = _NOT_IN_A_FILE_NAME.sub("_", plain)[:_MAX_STEM].strip("_-")
    return f"{plain or 'file'}.{ending.lower()}"


@deconstructible
class StoredUnder:
    """`upload_to`: stores files as `<prefix>/YYYY/MM/DD/<plain name>`.

    Below the prefix core/files/sweeping.py removes files that no row names.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def __call__(self, instance: models.Model, name: str) -> str:
        return f"{self.prefix}/{timezone.now():%Y/%m/%d}/{stored_name(name)}"
