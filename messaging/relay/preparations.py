"""Prepares the files that the desk sends: converts what the provider does not take, makes previews of pictures.

A file is converted in another process (core/files/conversion/). If this one dies meanwhile, the row is still there:
when its lease is over, or when the only relay starts, the file is converted again, and nothing has left before.
"""

import hashlib
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from django.db import DatabaseError
from django.utils import timezone

from core.db import leases
from core.db.failures import Trouble, trouble_of
from core.faults import fault
from core.files.conversion.starting import WALL_SECONDS, CannotConvert, convert
from core.files.storage import CannotStore, FilesAway
from messaging.actions.preparing import cannot_convert, keep_converted, keep_preview, prepare_later
from messaging.channels import channel_of
from messaging.errors import ChannelNotSetUp
from messaging.models import Attachment, AttachmentState

logger = logging.getLogger(__name__)

# Longer than the longest conversion, with time to copy the file from where it is stored and back.
LEASE_SECONDS = WALL_SECONDS + 120
# With pauses of 2, 4, 8, 16, 32 and 64 s in between, for a disk that is full or a storage that does not answer.
TRIES = 7
# With every other thing that can interrupt it: somebody else has the customer, or the relay dies.
MOST_TRIES = 20
CHUNK_BYTES = 1024 * 1024

# The condition of `Attachment.objects.to_prepare` in SQL.
_TO_PREPARE = "NOT prepared"


@dataclass(frozen=True)
class Job:
    """A claimed attachment and the token that may finish it."""

    attachment: Attachment
    token: UUID


class Preparations:
    """The relay's source of files to prepare. Two at once: one large picture may take a gigabyte."""

    workers = 2

    def settle(self, *, everything: bool) -> None:
        """Free files that no worker can be at; a lease that has run out needs no settling."""
        if everything:
            Attachment.objects.filter(prepared=False, lease_until__isnull=False).update(
                lease_until=None, claim_token=None
            )

    def after_restore(self, *, before: datetime) -> int:
        """Nothing to give up: a file that is converted twice is the same. Its message is uncertain by then."""
        return 0

    def claim(self, limit: int) -> list[Job]:
        waiting = Attachment.objects.to_prepare(timezone.now())
        claimed = leases.claim_free(
            waiting, _TO_PREPARE, limit, seconds=LEASE_SECONDS, with_rows=["message__business_number"]
        )
        return [Job(attachment, token) for attachment, token in claimed]

    def run(self, job: Job) -> None:
        attachment, token = job.attachment, job.token
        try:
            if attachment.state == AttachmentState.CONVERTING:
                _convert(attachment, token)
            else:
                _look_at(attachment, token)
        except CannotConvert as error:
            cannot_convert(attachment=attachment, token=token, reason=str(error), retryable=False)
        except DatabaseError as error:
            if trouble_of(error) is not Trouble.BUSY:
                raise
            logger.info("attachment %s waits for its customer: %s", attachment.pk, error)
            prepare_later(attachment=attachment, token=token, reason="")
        except (CannotStore, FilesAway, ChannelNotSetUp, OSError) as error:  # a full disk, say
            logger.error("attachment %s could not be prepared: %r", attachment.pk, error)
            _later(attachment, token)


def _later(attachment: Attachment, token: UUID) -> None:
    reason = "The file could not be read or stored."
    if attachment.attempts < TRIES:
        prepare_later(attachment=attachment, token=token, reason=reason)
    elif attachment.state == AttachmentState.CONVERTING:
        cannot_convert(attachment=attachment, token=token, reason=reason, retryable=True)
    else:
        keep_preview(attachment=attachment, token=token, content=None)


def _convert(attachment: Attachment, token: UUID) -> None:
    """Raises CannotConvert."""
    if attachment.attempts > MOST_TRIES:
        raise CannotConvert("Converting the file did not come to an end.")
    wanted = channel_of(attachment.message.business_number).file_wanted(attachment.mime_type)
    with _opened(attachment.original) as source, tempfile.TemporaryFile() as made:
        convert(source, made, mime_type=attachment.mime_type, wanted=wanted)
        fault("V1")
        sha256, size = _measured(made)
        made.seek(0)
        keep_converted(
            attachment=attachment,
            token=token,
            content=made,
            mime_type=wanted.mime_type,
            size=size,
            sha256=sha256,
        )
    fault("V2")


def _look_at(attachment: Attachment, token: UUID) -> None:
    try:
        with _opened(attachment.file) as content:
            keep_preview(attachment=attachment, token=token, content=content)
    except CannotConvert:
        keep_preview(attachment=attachment, token=token, content=None)


@contextmanager
def _opened(stored: Any) -> Iterator[IO[bytes]]:
    """A stored file as one on this disk without a name: a crash leaves nothing behind. Raises CannotConvert."""
    try:
        source = stored.open("rb")
    except FileNotFoundError:
        raise CannotConvert("The file of this message no longer exists.") from None
    with tempfile.TemporaryFile() as copy:
        with source:
            while chunk := source.read(CHUNK_BYTES):
                copy.write(chunk)
        copy.flush()
        copy.seek(0)
        yield copy


def _measured(content: IO[bytes]) -> tuple[str, int]:
    """The hash and the size of a file."""
    digest, size = hashlib.sha256(), 0
    while chunk := content.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size
