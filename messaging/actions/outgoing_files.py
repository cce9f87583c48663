"""The files of messages that the desk sends, as they are kept until the relay uploads them."""

from typing import TYPE_CHECKING, Any

from core.files.kinds import is_picture
from core.files.names import shown_name
from messaging.channels import Content
from messaging.models import Attachment, AttachmentState, Message

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile


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
