"""Meta's limits: types, sizes and lengths (docs/whatsapp.md, "Messages that go out" and "Files")."""

from dataclasses import dataclass

KB, MB = 1024, 1024 * 1024

MAX_TEXT = 4096
MAX_CAPTION = 1024
# Parts of interactive messages, and of templates with their values filled in.
MAX_BODY = 1024
MAX_HEADER = MAX_FOOTER = 60
MAX_LIST_BODY = 4096
MAX_URL = 2000
MAX_FLOW_LABEL = 30
MAX_FILE_NAME = 240
# The code of a one-time password, and a coupon's; the text of an offer's template and of a card.
MAX_OTP = MAX_COUPON = 15
MAX_OFFER_BODY, MAX_CARD_BODY = 600, 160
# What a header can show beside a text.
HEADER_MEDIA = ("image", "video", "document")
# Ids of messages and files, and types of messages; no longer than the columns that store them.
MAX_ID, MAX_TYPE = 200, 40
MAX_TEMPLATE_NAME, MAX_TEMPLATE_LANGUAGE, MAX_TEMPLATE_ID = 512, 20, 64


@dataclass(frozen=True)
class FileLimit:
    """What files one type of message takes: MIME types, the largest size in bytes, and the types in words."""

    mime_types: frozenset[str]
    max_bytes: int
    described: str


_OFFICE = "application/vnd.openxmlformats-officedocument."
# By the type of the message.
FILE_LIMITS: dict[str, FileLimit] = {
    "image": FileLimit(frozenset({"image/jpeg", "image/png"}), 5 * MB, "JPEG, PNG and other still pictures"),
    "video": FileLimit(frozenset({"video/mp4", "video/3gpp"}), 16 * MB, "MP4 and 3GPP"),
    "audio": FileLimit(
        frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
        16 * MB,
        "AAC, AMR, MP3, M4A, OGG and recordings",
    ),
    "document": FileLimit(
        frozenset(
            {
                "text/plain",
                "application/pdf",
                "application/msword",
                "application/vnd.ms-excel",
                "application/vnd.ms-powerpoint",
                f"{_OFFICE}wordprocessingml.document",
                f"{_OFFICE}spreadsheetml.sheet",
                f"{_OFFICE}presentationml.presentation",
            }
        ),
        100 * MB,
        "text, PDF, Word, Excel and PowerPoint",
    ),
    "sticker": FileLimit(frozenset({"image/webp"}), 500 * KB, "WebP"),
}
STICKER_PIXELS, MAX_STILL_STICKER = 512, 100 * KB

# The profile of a business number: the longest texts, and the websites.
PROFILE_TEXTS = {"about": 139, "address": 256, "description": 512, "email": 128}
MAX_WEBSITES, MAX_WEBSITE = 2, 256
MAX_PROFILE_PICTURE = 5 * MB

# Types of message that carry a file, and those of them that have a caption.
MEDIA_TYPES = frozenset(FILE_LIMITS)
CAPTIONED_TYPES = frozenset({"image", "video", "document"})


def shown_size(size: int) -> str:
    """A size in words: whole megabytes, else kilobytes."""
    return f"{size // MB} MB" if size >= MB and size % MB == 0 else f"{size / KB:,.0f} KB"
