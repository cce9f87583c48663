"""Files of the sandbox's customers, kept where Meta would keep them.

Below MEDIA_ROOT, which all processes share; no URL leads there.
"""

import re
import secrets
import shutil
from pathlib import Path
from typing import IO

from django.conf import settings

_FOLDER = "sandbox"
_ID = re.compile(r"[0-9]{15}", re.ASCII)


class SandboxStore:
    """A folder of files named by ids as Meta writes them."""

    def __init__(self) -> None:
        self._folder = Path(settings.MEDIA_ROOT) / _FOLDER

    def keep(self, file: Path) -> str:
        """Copy a file into the store and return its id."""
        self._folder.mkdir(parents=True, exist_ok=True)
        provider_id = str(secrets.randbelow(9 * 10**14) + 10**14)
        shutil.copyfile(file, self._folder / provider_id)
        return provider_id

    def open(self, provider_id: str) -> IO[bytes] | None:
        """The file of that id; None when there is none."""
        if not _ID.fullmatch(provider_id):
            return None
        try:
            return (self._folder / provider_id).open("rb")
        except FileNotFoundError:
            return None
