"""The files that customers send in the sandbox.

They are in a folder below MEDIA_ROOT, which all processes share, and no URL leads to them.
"""

import re
import secrets
import shutil
from pathlib import Path
from typing import IO

from django.conf import settings

from messaging.channels import Fetched, FileUnavailable
from messaging.models import Attachment
from whatsapp.graph.media import CHUNK_BYTES, Received, largest_of

_FOLDER = "sandbox"
_ID = re.compile(r"[0-9]{15}", re.ASCII)


class SandboxStore:
    """A folder of files, named by ids that look like Meta's."""

    def __init__(self) -> None:
        self._folder = Path(settings.MEDIA_ROOT) / _FOLDER

    def keep(self, file: IO[bytes]) -> str:
        """Copy a file into the store and return its id."""
        self._folder.mkdir(parents=True, exist_ok=True)
        provider_id = str(secrets.randbelow(9 * 10**14) + 10**14)
        with (self._folder / provider_id).open("xb") as kept:
            shutil.copyfileobj(file, kept)
        return provider_id

    def open(self, provider_id: str) -> IO[bytes] | None:
        """Open the file with this id; None if there is none."""
        if not _ID.fullmatch(provider_id):
            return None
        try:
            return (self._folder / provider_id).open("rb")
        except FileNotFoundError:
            return None


def fetch_from_sandbox(attachment: Attachment, into: IO[bytes]) -> Fetched:
    """Read the file of a message that a customer of the sandbox sent. Raises FileRefused and FileUnavailable."""
    kept = SandboxStore().open(attachment.provider_id)
    if kept is None:
        raise FileUnavailable("The sandbox has no such file.")
    received = Received(into, largest_of(attachment.message.type))
    with kept as file:
        while chunk := file.read(CHUNK_BYTES):
            received.take(chunk)
    return received.fetched("")
