"""Which files Patter accepts. A file must have a known ending and begin as files with that ending do."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from core.files.names import ending_of

# The checks below need no more; the signature furthest from the start (tar) is at byte 257.
HEAD_BYTES = 4096

Check = Callable[[bytes], bool]


class Family(Enum):
    PICTURE = "pictures"
    PDF = "PDF"
    OFFICE = "office documents"
    TEXT = "text"
    MEDIA = "audio and video"
    ARCHIVE = "archives"


@dataclass(frozen=True)
class Kind:
    """What an ending stands for: the type it is served as, and a check of its first bytes.

    `inline` says whether a browser may show the file itself. Nothing that could hold a script may be inline.
    """

    family: Family
    mime_type: str
    looks_right: Check
    inline: bool = False


def _starts(*signatures: bytes, at: int = 0) -> Check:
    return lambda head: head.startswith(signatures, at)


def _riff(form: bytes) -> Check:
    return lambda head: head.startswith(b"RIFF") and head[8:12] == form


# Of ISO/IEC 23008-12: photos of phones and their bursts, with one codec or another.
_PICTURE_BRANDS = (
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1", b"miaf",
    b"avif", b"avis",
)  # fmt: skip


def _iso_picture(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS


def _iso_media(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] not in _PICTURE_BRANDS


def _mp3(head: bytes) -> bool:
    return head.startswith(b"ID3") or (head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE6 == 0xE2)


def _aac(head: bytes) -> bool:
    return head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xF6 == 0xF0


def _webm(head: bytes) -> bool:
    return head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head[:64]


_ZIP = _starts(b"PK\x03\x04", b"PK\x05\x06")

# Too long for a text to begin with by accident: such a file is something else under the name of a text.
_BINARY = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"RIFF",
    b"%PDF-",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\xd0\xcf\x11\xe0",
    b"{\\rtf",
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"OggS",
    b"fLaC",
    b"#!AMR",
    b"\x1a\x45\xdf\xa3",
    b"II*\x00",
    b"MM\x00*",
)


def _text(head: bytes) -> bool:
    return not head.startswith(_BINARY) and head[4:8] != b"ftyp"


def _pdf(head: bytes) -> bool:
    before, found, _ = head[:_PDF_WITHIN].partition(b"%PDF-")
    return bool(found) and b"<" not in before  # a page that a browser might show


def _odf(kind: bytes) -> Check:
    return lambda head: _ZIP(head) and head[30:].startswith(b"mimetypeapplication/vnd.oasis.opendocument." + kind)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Programs save new documents under the names of the old kind, Word saves RTF so, and Office a document with a password
# in a container of the old kind (core/files/uploads.py looks into archives and containers).
_OFFICE = _starts(b"PK\x03\x04", b"PK\x05\x06", OLE)
_WORD = _starts(b"PK\x03\x04", b"PK\x05\x06", OLE, b"{\\rtf")
# Readers of PDF look for it that far: scanners and mail programs put a byte order mark or blank lines in front.
_PDF_WITHIN = 1024
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_PNG, _JPEG = _starts(b"\x89PNG\r\n\x1a\n"), _starts(b"\xff\xd8\xff")
_TIFF = _starts(b"II*\x00", b"MM\x00*")


def _picture(subtype: str, check: Check, inline: bool = True) -> Kind:
    return Kind(Family.PICTURE, f"image/{subtype}", check, inline=inline)


def _media(mime_type: str, check: Check) -> Kind:
    return Kind(Family.MEDIA, mime_type, check, inline=True)


def _office(subtype: str, check: Check) -> Kind:
    return Kind(Family.OFFICE, f"application/{subtype}", check)


def _archive(subtype: str, check: Check) -> Kind:
    return Kind(Family.ARCHIVE, f"application/{subtype}", check)


# Web pages and scripts are accepted, but served as bytes that no browser runs.
_CODE = ("htm", "html", "xhtml", "svg", "xml", "js", "mjs", "css", "php", "py", "sh", "bat", "ps1", "vbs")
_PROSE = ("txt", "text", "md", "log", "csv", "tsv", "json", "yaml", "yml", "ini", "vcf", "ics", "eml", "srt")

KINDS: dict[str, Kind] = {
    "png": _picture("png", _PNG),
    "jpg": _picture("jpeg", _JPEG),
    "jpeg": _picture("jpeg", _JPEG),
    "jpe": _picture("jpeg", _JPEG),
    "jfif": _picture("jpeg", _JPEG),
    "gif": _picture("gif", _starts(b"GIF87a", b"GIF89a")),
    "webp": _picture("webp", _riff(b"WEBP")),
    "bmp": _picture("bmp", _starts(b"BM")),
    "tif": _picture("tiff", _TIFF, inline=False),
    "tiff": _picture("tiff", _TIFF, inline=False),
    "heic": _picture("heic", _iso_picture),
    "heif": _picture("heif", _iso_picture),
    "avif": _picture("avif", _iso_picture),
    "pdf": Kind(Family.PDF, "application/pdf", _pdf),
    "doc": _office("msword", _WORD),
    "xls": _office("vnd.ms-excel", _OFFICE),
    "ppt": _office("vnd.ms-powerpoint", _OFFICE),
    "docx": Kind(Family.OFFICE, f"{_OPEN_XML}wordprocessingml.document", _OFFICE),
    "xlsx": Kind(Family.OFFICE, f"{_OPEN_XML}spreadsheetml.sheet", _OFFICE),
    "pptx": Kind(Family.OFFICE, f"{_OPEN_XML}presentationml.presentation", _OFFICE),
    "odt": _office("vnd.oasis.opendocument.text", _odf(b"text")),
    "ods": _office("vnd.oasis.opendocument.spreadsheet", _odf(b"spreadsheet")),
    "odp": _office("vnd.oasis.opendocument.presentation", _odf(b"presentation")),
    "rtf": _office("rtf", _starts(b"{\\rtf")),
    "mp3": _media("audio/mpeg", _mp3),
    "aac": _media("audio/aac", _aac),
    "m4a": _media("audio/mp4", _iso_media),
    "ogg": _media("audio/ogg", _starts(b"OggS")),
    "oga": _media("audio/ogg", _starts(b"OggS")),
    "opus": _media("audio/ogg", _starts(b"OggS")),
    "wav": _media("audio/wav", _riff(b"WAVE")),
    "flac": _media("audio/flac", _starts(b"fLaC")),
    "amr": _media("audio/amr", _starts(b"#!AMR")),
    "mp4": _media("video/mp4", _iso_media),
    "m4v": _media("video/mp4", _iso_media),
    "mov": _media("video/quicktime", _iso_media),
    "3gp": _media("video/3gpp", _iso_media),
    "webm": _media("video/webm", _webm),
    "weba": _media("audio/webm", _webm),
    "mkv": _media("video/x-matroska", _starts(b"\x1a\x45\xdf\xa3")),
    "avi": _media("video/x-msvideo", _riff(b"AVI ")),
    "ogv": _media("video/ogg", _starts(b"OggS")),
    "zip": _archive("zip", _ZIP),
    "rar": _archive("vnd.rar", _starts(b"Rar!\x1a\x07")),
    "7z": _archive("x-7z-compressed", _starts(b"7z\xbc\xaf\x27\x1c")),
    "gz": _archive("gzip", _starts(b"\x1f\x8b")),
    "tgz": _archive("gzip", _starts(b"\x1f\x8b")),
    "bz2": _archive("x-bzip2", _starts(b"BZh")),
    "xz": _archive("x-xz", _starts(b"\xfd7zXZ\x00")),
    "tar": _archive("x-tar", _starts(b"ustar", at=257)),
    **{ending: Kind(Family.TEXT, "application/octet-stream", _text) for ending in _CODE},
    **{ending: Kind(Family.TEXT, "text/plain", _text) for ending in _PROSE},
}

# What clients declare if they do not know the type.
_VAGUE = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/x-download", "text/plain"})
# Types that are ZIP archives inside, and may be declared as one.
_ZIPPED = (_OPEN_XML, "application/vnd.oasis.opendocument.", "application/zip")
_ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/heif": "image/heic",
    "image/x-ms-bmp": "image/bmp",
    "image/x-bmp": "image/bmp",
}
_DECLARED_FAMILIES = {
    "text": {Family.TEXT},
    "audio": {Family.MEDIA},
    "video": {Family.MEDIA},
    "image": {Family.PICTURE},
    "message": {Family.TEXT},
    "application/javascript": {Family.TEXT},
    "application/x-javascript": {Family.TEXT},
    "application/ecmascript": {Family.TEXT},
    "application/json": {Family.TEXT},
    "application/xml": {Family.TEXT},
    "application/pdf": {Family.PDF},
    "application/x-pdf": {Family.PDF},
    "application/ogg": {Family.MEDIA},
    "application/mp4": {Family.MEDIA},
    "application/x-matroska": {Family.MEDIA},
}
# Browsers have many names for these, so an unknown name says nothing.
_OF_MANY_NAMES = frozenset({Family.OFFICE, Family.TEXT, Family.ARCHIVE})


def kind_of(name: str) -> Kind | None:
    """Return the kind that the ending of `name` stands for, or None if Patter does not accept it."""
    return KINDS.get(ending_of(name))


def is_picture(name: str) -> bool:
    """Whether the ending of `name` is that of a picture."""
    kind = kind_of(name)
    return kind is not None and kind.family is Family.PICTURE


def ending_for(mime_type: str) -> str:
    """Return the ending of files of a type, such as `jpg` for `image/jpeg`, or "" for a type Patter does not know."""
    mime_type = mime_type.partition(";")[0].strip().lower()
    mime_type = _ALIASES.get(mime_type, mime_type)
    return next((ending for ending, kind in KINDS.items() if kind.mime_type == mime_type), "")


def may_be_declared(kind: Kind, declared: str) -> bool:
    """Whether the Content-Type `declared` is acceptable for a file of this kind.

    A picture must be declared as its own type, anything else as a type of its family, because browsers have many names
    for a CSV or a video. Vague types are always acceptable.
    """
    mime_type = declared.partition(";")[0].strip().lower()
    mime_type = _ALIASES.get(mime_type, mime_type)
    if mime_type in _VAGUE or mime_type == _ALIASES.get(kind.mime_type, kind.mime_type):
        return True
    if mime_type == "application/zip" and kind.mime_type.startswith(_ZIPPED):
        return True
    if mime_type.startswith("image/"):
        return mime_type == "image/svg+xml" and kind.family is Family.TEXT
    families = _DECLARED_FAMILIES.get(mime_type) or _DECLARED_FAMILIES.get(mime_type.partition("/")[0])
    if families is not None:
        return kind.family in families or (mime_type == "text/rtf" and kind.family is Family.OFFICE)
    if mime_type.endswith(("+xml", "+json")):
        return kind.family is Family.TEXT
    claimed = {known.family for known in KINDS.values() if known.mime_type == mime_type}
    spreadsheet_csv = mime_type == "application/vnd.ms-excel" and kind.family is Family.TEXT
    if claimed:
        return kind.family in claimed or spreadsheet_csv
    return mime_type.startswith("application/") and kind.family in _OF_MANY_NAMES
