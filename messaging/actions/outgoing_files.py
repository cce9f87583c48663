"""The files of messages that the desk sends, as they are kept until the relay uploads them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from rest_framework.exceptions import ValidationError

from accounts.models import User
from core.files.kinds import is_picture
from core.files.names import shown_name
from core.files.storage import stored_files
from messaging.channels import Content
from messaging.models import Attachment, AttachmentState, Message


def attach(message: Message, file: "UploadedFile[bytes]", content: Content, sha256: str) -> Attachment:
    """Keep the upload as the file of a message, and return it. The relay uploads it to the provider.

    If the provider does not take it as it is, or if it is a picture, the relay prepares it
    (messaging/actions/preparing.py).
    """
    name = shown_name(file.name or "")
    file.name = name
    file.seek(0)
    kept: dict[str, Any] = {"state": AttachmentState.READY, "file": file, "prepared": not is_picture(name)}
    if content.converts:
        kept = {
            "state": AttachmentState.CONVERTING,
            "original": file,
            "original_name": name,
            "prepared": False,
        }
    return Attachment.objects.create(
        message=message,
        **kept,
        mime_type=content.mime_type,
        size=file.size,
        file_name=name,
        sha256=sha256,
    )


@contextmanager
def files_of(message_id: int | None, *, actor: User) -> Iterator["list[UploadedFile[bytes]]"]:
    """The file of a message, of whichever chat that the actor sees, as if they had uploaded it; none without an id.

    What goes out is a copy: each message has a file of its own, which goes with it. If the file was converted, it is
    the result. Raises ValidationError.
    """
    if message_id is None:
        yield []
        return
    if not Message.objects.visible_to(actor).filter(pk=message_id, deleted_at=None).exists():
        raise _refused(f'Invalid pk "{message_id}" - object does not exist.')
    attachment = Attachment.objects.filter(message=message_id).first()
    stored = (attachment.file or attachment.original) if attachment is not None else None
    if attachment is None or not stored:
        raise _refused("This message has no file, or it is not here yet.")
    try:
        opened = stored_files().open(stored.name)
    except FileNotFoundError:
        raise _refused("The file of this message no longer exists.") from None
    with opened:
        name = attachment.file_name if attachment.file else attachment.original_name
        # Beside its name only sound says more than its content: the browser that recorded it did.
        declared = attachment.mime_type if attachment.mime_type.startswith("audio/") else ""
        yield [UploadedFile(opened, name, declared, opened.size)]


def _refused(reason: str) -> ValidationError:
    return ValidationError({"media_from": [reason]})
