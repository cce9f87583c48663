"""Fetches the files of inbound messages, which are in the chat already.

A failed download is tried again for as long as the provider keeps the file, which is a few days.
"""

import logging
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO
from uuid import UUID

from django.db import DatabaseError
from django.utils import timezone

from core.db import leases
from core.db.failures import Trouble, trouble_of
from core.files.storage import CannotStore, FilesAway
from messaging.actions.attachments import give_up, keep_file, try_later
from messaging.actions.number_pauses import halt
from messaging.channels import Fetched, FileRefused, FileUnavailable, Halted, channel_of, transport_for
from messaging.errors import ChannelNotSetUp
from messaging.models import Attachment, AttachmentState

logger = logging.getLogger(__name__)

# Longer than the longest download (Channel.fetch), with time to inspect the file.
LEASE_SECONDS = 300
# In memory up to this size, then on disk in a file without a name, so that a crash leaves nothing behind.
SPOOL_BYTES = 1024 * 1024

# The condition of `Attachment.objects.wanted` in SQL.
_WANTED = f"state = '{AttachmentState.PENDING}' AND file = '' AND provider_id > ''"


@dataclass(frozen=True)
class Job:
    """A claimed attachment and the token that may finish it."""

    attachment: Attachment
    token: UUID


class Downloads:
    """The relay's source of files to fetch. It has its own threads, so a slow file does not delay messages."""

    workers = 4

    def settle(self, *, everything: bool) -> None:
        """Free files that no worker can be fetching; a lease that has run out needs no settling."""
        if everything:
            Attachment.objects.filter(state=AttachmentState.PENDING, lease_until__isnull=False).update(
                lease_until=None, claim_token=None
            )

    def after_restore(self, *, before: datetime) -> int:
        """Nothing to give up: a file that is fetched twice is the same."""
        return 0

    def claim(self, limit: int) -> list[Job]:
        wanted = Attachment.objects.wanted(timezone.now())
        number = ["message__business_number"]
        claimed = leases.claim_free(wanted, _WANTED, limit, seconds=LEASE_SECONDS, with_rows=number)
        return [Job(attachment, token) for attachment, token in claimed]

    def run(self, job: Job) -> None:
        attachment, token = job.attachment, job.token
        try:
            with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as content:
                keep_file(attachment=attachment, token=token, fetched=_fetch(attachment, content))
        except FileRefused as error:
            give_up(attachment=attachment, token=token, reason=str(error))
        except Halted as refused:
            # As when a message is refused: whoever mends the access mends both.
            number = attachment.message.business_number
            halt(number, refused.reason, transport_for(number).access)
            try_later(attachment=attachment, token=token, reason=refused.reason)
        except FileUnavailable as error:
            logger.info("attachment %s: %s", attachment.pk, error)
            try_later(attachment=attachment, token=token, reason=str(error))
        except DatabaseError as error:
            if trouble_of(error) is not Trouble.BUSY:
                raise
            logger.info("attachment %s waits for its customer: %s", attachment.pk, error)
            try_later(attachment=attachment, token=token, reason="Somebody else was changing the customer.")
        except (CannotStore, FilesAway, OSError) as error:  # a full disk, say
            logger.error("attachment %s could not be stored: %r", attachment.pk, error)
            try_later(attachment=attachment, token=token, reason="The file could not be stored.")


def _fetch(attachment: Attachment, content: IO[bytes]) -> Fetched:
    """Fetch a file into `content`. Raises FileRefused, FileUnavailable, Halted."""
    try:
        channel = channel_of(attachment.message.business_number)
    except ChannelNotSetUp:
        raise FileUnavailable("The channel of this message is not set up.") from None
    fetched = channel.fetch(attachment, content)
    return fetched if fetched.mime_type else replace(fetched, mime_type=attachment.mime_type)
