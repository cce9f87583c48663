"""Where private files are kept. A file is stored whole, or not at all."""

import errno
import logging
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast
from uuid import UUID

from django.core.files.move import file_move_safe
from django.core.files.storage import FileSystemStorage, default_storage
from rest_framework.exceptions import APIException

logger = logging.getLogger(__name__)

# What a disk says that is full, over its quota, read-only or broken, or a file system that takes no larger file.
DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG})


class CannotStore(APIException):
    """MEDIA_ROOT or MEDIA_STORAGE does not take a file. Nothing of it is left."""

    status_code = 507
    default_code = "cannot_store"
    default_detail = "The file cannot be stored at the moment. Nothing was changed. Please tell your administrator."

    def __init__(self) -> None:
        super().__init__({"detail": self.default_detail, "code": self.default_code})


class FilesAway(APIException):
    """MEDIA_STORAGE does not answer, or not as it should. What it holds is still there."""

    status_code = 503
    default_detail = "The files cannot be reached at the moment. Please try again later."
    default_code = "files_away"
    wait = 30  # seconds; DRF makes it the Retry-After


class StorageUnusable(RuntimeError):
    """MEDIA_STORAGE is set up wrongly; `str()` says what to do."""


class NoRoom(APIException):
    """The temporary directory, or another disk that is only passed through, takes no more."""

    status_code = 503
    default_detail = "The request cannot be handled at the moment. Nothing was changed. Please try again later."
    default_code = "no_room"
    wait = 30  # seconds; DRF makes it the Retry-After


@dataclass(frozen=True)
class Kept:
    """A stored file: its name, its size in bytes, and when it was last written, in seconds since 1970."""

    name: str
    size: int
    written_at: float


class Storage(Protocol):
    """What Patter's storages can do beyond Django's: `MediaStorage` on disk, and that of core/files/s3.py.

    Beside CannotStore and FileNotFoundError, each of their methods may raise FilesAway.
    """

    def open(self, name: str, mode: str = "rb") -> Any: ...
    def save(self, name: str, content: Any) -> str: ...
    def delete(self, name: str) -> None: ...
    def exists(self, name: str) -> bool: ...

    def redirect_to(self, name: str, *, content_type: str, disposition: str, method: str) -> str:
        """Return a URL that opens the file for a moment, or "" if Patter has to send it."""

    def kept(self, folder: str) -> Iterator[Kept]:
        """Yield all files below a folder."""

    def existing(self, names: Collection[str]) -> set[str]:
        """Return those of the names under which there is a file."""

    def claimed_by_others(self, key: UUID) -> list[str]:
        """Name what shows that other installations than the one with this key store files in the same place."""

    def refuse_unusable(self) -> None:
        """Raise StorageUnusable if this can never work. One that only does not answer is logged."""


def stored_files() -> Storage:
    """Return where all files are kept."""
    return cast(Storage, default_storage)


class MediaStorage(FileSystemStorage):
    """Django's, except that a write that fails leaves nothing behind, and raises CannotStore."""

    def redirect_to(self, name: str, *, content_type: str, disposition: str, method: str) -> str:
        return ""

    def kept(self, folder: str) -> Iterator[Kept]:
        root = Path(self.location)
        for path in (root / folder).rglob("*"):
            try:
                if path.is_file():
                    stat = path.stat()
                    yield Kept(str(path.relative_to(root)), stat.st_size, stat.st_mtime)
            except FileNotFoundError:  # removed with its row meanwhile
                continue

    def existing(self, names: Collection[str]) -> set[str]:
        return {name for name in names if self.exists(name)}

    def claimed_by_others(self, key: UUID) -> list[str]:
        # Whoever sends messages counts them here (messaging/relay/departures.py).
        ours = f".departures-{key}"
        return sorted(path.name for path in Path(self.location).glob(".departures-*") if path.name != ours)

    def refuse_unusable(self) -> None:
        pass

    def _save(self, name: str, content: Any) -> str:
        try:
            name = self._reserve(name)
            try:
                self._fill(self.path(name), content)
            except BaseException:
                os.unlink(self.path(name))
                raise
        except OSError as error:
            logger.error("a file cannot be stored in MEDIA_ROOT: %s", error)
            raise CannotStore from error
        return name

    def _reserve(self, name: str) -> str:
        """Create an empty file that is ours alone, and return its name: another one if somebody was faster."""
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        while True:
            try:
                os.close(os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
                return name
            except FileExistsError:
                name = self.get_available_name(name)

    def _fill(self, path: str, content: Any) -> None:
        if hasattr(content, "temporary_file_path"):
            file_move_safe(content.temporary_file_path(), path, allow_overwrite=True)
        else:
            with open(path, "wb") as out:
                for chunk in content.chunks():
                    out.write(chunk)
        if self.file_permissions_mode is not None:
            os.chmod(path, self.file_permissions_mode)
