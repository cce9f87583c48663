"""The files that the desk sends: converted into what the provider takes, and looked at for a preview.

The relay does it (messaging/relay/preparations.py), under a lease whose token finishes it. Until then the message
waits (UNTIL_CONVERTED) as the first of its chat, so nothing overtakes it. If its file cannot be converted, it fails.
"""

from datetime import timedelta
from typing import IO, Any
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.db import transaction
from django.utils import timezone

from core.db import leases
from core.files.kinds import ending_for, is_picture
from core.files.names import ending_of
from core.files.pictures import Preview, preview_of
from core.files.storage import CannotStore
from core.live.publishing import wake_relays
from customers.actions.locking import lock_customer_of
from customers.events import record
from customers.models import Customer, CustomerNotFound
from messaging.actions.failures import log_failure
from messaging.actions.queueing import tell_next
from messaging.models import UNTIL_CONVERTED, Attachment, AttachmentQuerySet, AttachmentState, Message, Status
from messaging.serializers.messages import message_row, status_data

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 120.0


def keep_converted(
    *, attachment: Attachment, token: UUID, content: IO[bytes], mime_type: str, size: int, sha256: str
) -> bool:
    """Store what was made of a file, show it, and let its message go; return False if the lease was lost.

    The file is written before the row: a crash in between leaves a file without a row, which sweep_files removes.
    Raises CannotStore and FilesAway.
    """
    stem = attachment.original_name.rpartition(".")[0] or "file"
    name = f"{stem}.{ending_for(mime_type)}"
    attachment.file.save(name, File(content), save=False)
    try:
        preview = _preview(attachment, content, name)
    except CannotStore:
        attachment.file.delete(save=False)
        raise
    return _keep(
        attachment,
        token,
        preview,
        file=attachment.file.name,
        file_name=name,
        mime_type=mime_type,
        size=size,
        sha256=sha256,
        state=AttachmentState.READY,
    )


def keep_preview(*, attachment: Attachment, token: UUID, content: IO[bytes] | None) -> bool:
    """Show the size and the thumbnail of a picture that goes out as it is; return False if the lease was lost.

    Without `content`, the file cannot be read, and there is nothing to show. Raises CannotStore and FilesAway.
    """
    preview = Preview() if content is None else _preview(attachment, content, attachment.file_name)
    return _keep(attachment, token, preview)


def cannot_convert(*, attachment: Attachment, token: UUID, reason: str, retryable: bool) -> bool:
    """Fail the message of a file that cannot be converted; return False if the lease was lost.

    `retryable`: not because of what is in the file.
    """
    error = {
        "code": "not_converted",
        "title": "The file could not be converted into one that WhatsApp takes",
        "detail": reason,
        "retryable": retryable,
    }
    return _finish(attachment, token, error, state=AttachmentState.FAILED, error=reason)


def prepare_later(*, attachment: Attachment, token: UUID, reason: str) -> None:
    """Try it again, after a pause that grows with each try."""
    pause = leases.backoff(attachment.attempts, first=FIRST_PAUSE, ceiling=LONGEST_PAUSE)
    later = timezone.now() + pause
    _held(attachment, token).update(not_before=later, lease_until=None, claim_token=None, error=reason)


def convert_again(message: Message) -> bool:
    """Have the file of a failed message converted again if that was what failed. The customer is locked."""
    file = Attachment.objects.filter(message=message, state=AttachmentState.FAILED, file="").exclude(original="")
    return bool(
        file.update(
            state=AttachmentState.CONVERTING,
            prepared=False,
            error="",
            attempts=0,
            not_before=timezone.now() - timedelta(seconds=1),
            lease_until=None,
            claim_token=None,
        )
    )


def _preview(attachment: Attachment, content: IO[bytes], name: str) -> Preview:
    """The preview of a file, its thumbnail stored. Audio has none."""
    preview = preview_of(content, ending_of(name)) if is_picture(name) else Preview()
    if preview.thumbnail is not None:
        attachment.thumbnail.save(f"thumbnail.{preview.ending}", ContentFile(preview.thumbnail), save=False)
    return preview


def _keep(attachment: Attachment, token: UUID, preview: Preview, **changes: Any) -> bool:
    kept = _finish(
        attachment,
        token,
        None,
        thumbnail=attachment.thumbnail.name or "",
        width=preview.width,
        height=preview.height,
        error="",
        **changes,
    )
    new = (attachment.thumbnail, attachment.file) if "file" in changes else (attachment.thumbnail,)
    for stored in new if not kept else ():
        if stored.name:
            stored.storage.delete(stored.name)
    return kept


def _held(attachment: Attachment, token: UUID) -> AttachmentQuerySet:
    return Attachment.objects.filter(pk=attachment.pk, claim_token=token, prepared=False)


@transaction.atomic
def _finish(attachment: Attachment, token: UUID, failure: dict[str, Any] | None, **changes: Any) -> bool:
    """Save the outcome and record it; return False if the lease was lost."""
    try:
        customer = lock_customer_of(_held(attachment, token), path="message__customer_id")
    except CustomerNotFound:
        return False
    if not _held(attachment, token).update(lease_until=None, claim_token=None, prepared=True, **changes):
        return False
    held = Message.objects.filter(pk=attachment.message_id, status=Status.QUEUED, not_before=UNTIL_CONVERTED)
    failed = failure is not None and bool(held.update(status=Status.FAILED, error=failure))
    if failure is None and held.update(not_before=timezone.now()):
        wake_relays()
    record(customer, "message_updated", message_row(attachment.message_id))
    if failed:
        _tell_failed(customer, attachment.message_id)
    return True


def _tell_failed(customer: Customer, message_id: int) -> None:
    message = Message.objects.get(pk=message_id)
    log_failure(message_id, message.error)
    record(customer, "message_status", status_data(message))
    tell_next(customer)
    wake_relays()
