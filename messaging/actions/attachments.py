"""The files of inbound messages, which the relay fetches (messaging/relay/downloads.py).

A worker that fetches a file holds its lease, and needs the token of the lease to finish (core/db/leases.py).
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.db import leases
from core.files.kinds import ending_for, is_picture
from core.files.names import ending_of, shown_name
from core.files.pictures import Preview, preview_of
from core.files.storage import CannotStore
from core.live.publishing import wake_relays
from customers.actions.locking import lock_customer_of
from customers.events import record
from customers.models import CustomerNotFound
from messaging.channels import Fetched
from messaging.errors import NotFetchable
from messaging.models import Attachment, AttachmentQuerySet, AttachmentState, Message
from messaging.serializers.messages import message_row

# Pauses between tries: doubling, up to an hour, for as long as the provider keeps the file.
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 3600.0
GONE = "The file could not be fetched in time and is no longer available."


def keep_file(*, attachment: Attachment, token: UUID, fetched: Fetched) -> bool:
    """Store a fetched file and show it; return False if the lease was lost, or the attachment is gone.

    The file is written before the row: a crash in between leaves a file without a row, which sweep_files removes.
    Raises CannotStore if the file is not taken, and FilesAway.
    """
    name = _name(attachment, fetched.mime_type)
    preview = preview_of(fetched.content, ending_of(name)) if is_picture(name) else Preview()
    fetched.content.seek(0)
    attachment.file.save(name, File(fetched.content), save=False)
    if preview.thumbnail is not None:
        try:
            attachment.thumbnail.save(f"thumbnail.{preview.ending}", ContentFile(preview.thumbnail), save=False)
        except CannotStore:
            attachment.file.delete(save=False)
            raise
    kept = _finish(
        attachment,
        token,
        state=AttachmentState.READY,
        file=attachment.file.name,
        thumbnail=attachment.thumbnail.name or "",
        file_name=shown_name(name),
        mime_type=fetched.mime_type[:150],
        size=fetched.size,
        sha256=fetched.sha256,
        width=preview.width,
        height=preview.height,
        error="",
    )
    if not kept:
        for stored in (attachment.file, attachment.thumbnail):
            if stored.name:
                stored.storage.delete(stored.name)
    return kept


def _name(attachment: Attachment, mime_type: str) -> str:
    """The name the file came with, or one made from its type; always with an ending."""
    ending = ending_for(mime_type)
    name = shown_name(attachment.file_name) if attachment.file_name else ""
    if ending_of(name):
        return name
    return f"{name or f'{attachment.message.type}-{attachment.message_id}'}.{ending or 'bin'}"


def try_later(*, attachment: Attachment, token: UUID, reason: str) -> None:
    """Have the file fetched again after a pause, which grows; give up when the provider no longer keeps it."""
    now = timezone.now()
    until = attachment.provider_until or now
    if now >= until:
        give_up(attachment=attachment, token=token, reason=f"{GONE} ({reason})")
        return
    pause = leases.backoff(min(attachment.attempts, 20), first=FIRST_PAUSE, ceiling=LONGEST_PAUSE)
    # The last try is right after the provider's time is over.
    _held(attachment, token).update(
        not_before=min(now + pause, until + timedelta(seconds=1)), lease_until=None, claim_token=None, error=reason
    )


def give_up(*, attachment: Attachment, token: UUID, reason: str) -> None:
    """Show in the chat that the file could not be fetched, and why."""
    _finish(attachment, token, state=AttachmentState.FAILED, error=reason)


@transaction.atomic
def fetch_again(*, message: Message, actor: User) -> None:
    """Have the relay fetch a failed file again. Raises NotFetchable and Http404."""
    customer = lock_customer_of(Message.objects.filter(pk=message.pk), actor=actor)
    attachment = Attachment.objects.filter(message=message).first()
    if attachment is None or not attachment.provider_id:
        raise NotFetchable("This message has no file to fetch.")
    if attachment.state != AttachmentState.FAILED:
        raise NotFetchable(f"Only a file that failed can be fetched again; this one is {attachment.state}.")
    now = timezone.now()
    if attachment.provider_until is None or attachment.provider_until <= now:
        raise NotFetchable(GONE)
    Attachment.objects.filter(pk=attachment.pk).update(
        state=AttachmentState.PENDING, error="", attempts=0, not_before=now, lease_until=None, claim_token=None
    )
    row = message_row(message.pk)
    record(customer, "message_updated", row, actor=actor, verb="media_fetched_again", about=message, changes={})
    wake_relays()


def _held(attachment: Attachment, token: UUID) -> AttachmentQuerySet:
    return Attachment.objects.filter(pk=attachment.pk, claim_token=token, state=AttachmentState.PENDING)


@transaction.atomic
def _finish(attachment: Attachment, token: UUID, **changes: Any) -> bool:
    """Save the outcome and record it; return False if the lease was lost."""
    try:
        customer = lock_customer_of(_held(attachment, token), path="message__customer_id")
    except CustomerNotFound:
        return False
    if not _held(attachment, token).update(lease_until=None, claim_token=None, **changes):
        return False
    record(customer, "message_updated", message_row(attachment.message_id))
    return True
