"""The files that customers send in the sandbox.

They are kept where all files are, in a folder of their own, and no URL leads to them.
"""

import re
import secrets
from typing import IO, Any

from django.core.files.base import File

from core.files.storage import FilesAway, stored_files
from messaging.channels import Fetched, FileUnavailable
from messaging.models import Attachment
from whatsapp.graph.media import CHUNK_BYTES, Received, largest_of

_FOLDER = "sandbox"
_ID = re.compile(r"[0-9]{15}", re.ASCII)


class SandboxStore:
    """A folder of files, named by ids that look like Meta's."""

    def keep(self, file: IO[bytes]) -> str:
        """Copy a file into the store and return its id. Raises CannotStore."""
        provider_id = str(secrets.randbelow(9 * 10**14) + 10**14)
        stored_files().save(f"{_FOLDER}/{provider_id}", File(file))
        return provider_id

    def open(self, provider_id: str) -> Any:
        """Open the file with this id; None if there is none. Raises FilesAway."""
        if not _ID.fullmatch(provider_id):
            return None
        try:
            return stored_files().open(f"{_FOLDER}/{provider_id}", "rb")
        except FileNotFoundError:
            return None


def fetch_from_sandbox(attachment: Attachment, into: IO[bytes]) -> Fetched:
    """Read the file of a message that a customer of the sandbox sent. Raises FileRefused and FileUnavailable."""
    try:
        kept = SandboxStore().open(attachment.provider_id)
    except FilesAway as error:
        raise FileUnavailable(str(error)) from error
    if kept is None:
        raise FileUnavailable("The sandbox has no such file.")
    received = Received(into, largest_of(attachment.message.type))
    with kept as file:
        while chunk := file.read(CHUNK_BYTES):
            received.take(chunk)
    return received.fetched("")
