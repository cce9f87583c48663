"""The file of a message as JSON."""

from typing import Annotated, Any, TypedDict

from core.files.links import Links
from messaging.models.attachments import AttachmentState

# Columns of the file, among those of a message under `attachment__`.
MEDIA_COLUMNS = ("state", "mime_type", "size", "file_name", "width", "height", "file", "original", "thumbnail", "error")


class _File(TypedDict):
    state: Annotated[str, AttachmentState]
    mime_type: str
    size: Annotated[int | None, "bytes"]
    file_name: str
    width: int | None
    height: int | None
    error: Annotated[str | None, "why fetching or converting the file failed, or has failed so far"]


class RecordedFile(_File):
    """The file of a message as it is recorded, with stored names where `with_links` puts URLs."""

    file: str | None
    original: str | None
    thumbnail: str | None


class Media(_File):
    """The file of a message."""

    url: Annotated[str | None, "works for a few minutes and for you alone; null until the file is ready"]
    original_url: Annotated[str | None, "the file as the desk gave it, if another one was made of it to be sent"]
    thumbnail_url: str | None


def media_data(row: dict[str, Any]) -> RecordedFile | None:
    """The file in a row of MESSAGE_COLUMNS, or None."""
    get = row.get
    if not get("attachment__state"):
        return None
    return {
        "state": row["attachment__state"],
        "mime_type": row["attachment__mime_type"],
        "size": get("attachment__size"),
        "file_name": row["attachment__file_name"],
        "width": get("attachment__width"),
        "height": get("attachment__height"),
        "file": get("attachment__file") or None,
        "original": get("attachment__original") or None,
        "thumbnail": get("attachment__thumbnail") or None,
        "error": get("attachment__error") or None,
    }


def shown_media(media: RecordedFile, links: Links) -> Media:
    """A recorded file as the user of `links` sees it."""
    file, thumbnail = media["file"], media["thumbnail"]
    original = media.get("original")  # older frames have none
    return {
        "state": media["state"],
        "mime_type": media["mime_type"],
        "size": media["size"],
        "file_name": media["file_name"],
        "width": media["width"],
        "height": media["height"],
        "error": media["error"],
        "url": links.to(file) if file else None,
        "original_url": links.to(original) if original else None,
        "thumbnail_url": links.to(thumbnail) if thumbnail else None,
    }
