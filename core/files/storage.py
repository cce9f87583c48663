"""Where private files are kept. A file is stored whole, or not at all."""

import errno
import logging
import os
from typing import Any

from django.core.files.move import file_move_safe
from django.core.files.storage import FileSystemStorage
from rest_framework.exceptions import APIException

logger = logging.getLogger(__name__)

# What a disk says that is full, over its quota, read-only or broken, or a file system that takes no larger file.
DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG})


class CannotStore(APIException):
    """MEDIA_ROOT does not take a file. Nothing of it is left."""

    status_code = 507
    default_code = "cannot_store"
    default_detail = "The file cannot be stored at the moment. Nothing was changed. Please tell your administrator."

    def __init__(self) -> None:
        super().__init__({"detail": self.default_detail, "code": self.default_code})


class NoRoom(APIException):
    """The temporary directory, or another disk that is only passed through, takes no more."""

    status_code = 503
    default_detail = "The request cannot be handled at the moment. Nothing was changed. Please try again later."
    default_code = "no_room"
    wait = 30  # seconds; DRF makes it the Retry-After


class MediaStorage(FileSystemStorage):
    """Django's, except that a write that fails leaves nothing behind, and raises CannotStore."""

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
