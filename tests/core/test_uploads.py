"""Every accepted ending with every content: only pairs that belong together are accepted."""

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from core.files.kinds import KINDS
from core.files.names import shown_name, stored_name
from core.files.uploads import UploadRefused, check_upload


def picture(format: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3)).save(buffer, format)
    return buffer.getvalue()


def archive(*members: str, stored: tuple[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        if stored:
            file.writestr(*stored)
        for member in members:
            file.writestr(member, "x")
    return buffer.getvalue()


def open_xml(part: str) -> bytes:
    return archive("[Content_Types].xml", part)


def odf(kind: str) -> bytes:
    return archive("content.xml", stored=("mimetype", f"application/vnd.oasis.opendocument.{kind}"))


def png_header(width: int, height: int) -> bytes:
    """Return a PNG whose header claims a size, without the pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9)))


def gif_header(width: int, height: int) -> bytes:
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00;"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + frame


def iso(brand: bytes, more: bytes = b"") -> bytes:
    return b"\x00\x00\x00\x18ftyp" + brand + bytes(8) + more + bytes(64)


def ispe(width: int, height: int) -> bytes:
    return b"\x00\x00\x00\x14ispe" + bytes(4) + struct.pack(">II", width, height)


def locked_office(version: int = 3, *, named: str = "EncryptedPackage", sector: int = 1) -> bytes:
    """An OLE container (MS-CFB) with one stream, as Office makes it of a document with a password."""
    shift = {3: 9, 4: 12}[version]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHH", 0x3E, version, 0xFFFE, shift)
    header = header.ljust(48, b"\0") + struct.pack("<I", sector)
    entries = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", "EncryptionInfo", named))
    return header.ljust((sector + 1) << shift, b"\0") + entries


WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + bytes(64)
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64)
TEXT = "name;größe\n".encode()
# What begins as a text does may be one.
TEXTS = {ending for ending, kind in KINDS.items() if kind.family.value == "text"}

# Kind of content -> the content, and the endings it may have.
CONTENTS: dict[str, tuple[bytes, set[str]]] = {
    "png": (picture("PNG"), {"png"}),
    "jpeg": (picture("JPEG"), {"jpg", "jpeg", "jpe", "jfif"}),
    "gif": (picture("GIF"), {"gif"}),
    "webp": (picture("WEBP"), {"webp"}),
    "bmp": (picture("BMP"), {"bmp"}),
    "tiff": (picture("TIFF"), {"tif", "tiff"}),
    "heic": (iso(b"heic", ispe(4032, 3024)), {"heic", "heif", "avif"}),
    "pdf": (b"%PDF-1.7\n%%EOF", {"pdf"}),
    "scanned pdf": (b"\xef\xbb\xbf\r\n%PDF-1.4\n%%EOF", {"pdf", *TEXTS}),
    "late pdf": (b"scan\n" + b"\n" * 1014 + b"%PDF-1.4\n%%EOF", {"pdf", *TEXTS}),
    "locked office": (locked_office(), {"doc", "xls", "ppt", "docx", "xlsx", "pptx"}),
    "burst": (iso(b"msf1", ispe(4032, 3024)), {"heic", "heif", "avif"}),
    "samsung": (iso(b"mif1", ispe(4080, 3060)), {"heic", "heif", "avif"}),
    "old office": (OLD, {"doc", "xls", "ppt"}),
    "docx": (open_xml("word/document.xml"), {"docx", "doc", "zip"}),
    "xlsx": (open_xml("xl/workbook.xml"), {"xlsx", "xls", "zip"}),
    "pptx": (open_xml("ppt/presentation.xml"), {"pptx", "ppt", "zip"}),
    "odt": (odf("text"), {"odt", "zip"}),
    "ods": (odf("spreadsheet"), {"ods", "zip"}),
    "odp": (odf("presentation"), {"odp", "zip"}),
    "rtf": (b"{\\rtf1 x}", {"rtf", "doc"}),
    "mp3": (b"ID3\x04" + bytes(64), {"mp3"}),
    "bare mp3": (b"\xff\xfb\x90\x64" + bytes(64), {"mp3"}),
    "aac": (b"\xff\xf1\x50\x80" + bytes(64), {"aac"}),
    "mp4": (iso(b"mp42"), {"mp4", "m4v", "m4a", "mov", "3gp"}),
    "ogg": (b"OggS" + bytes(64), {"ogg", "oga", "opus", "ogv"}),
    "wav": (b"RIFF\x10\x00\x00\x00WAVEfmt " + bytes(64), {"wav"}),
    "avi": (b"RIFF\x10\x00\x00\x00AVI LIST" + bytes(64), {"avi"}),
    "flac": (b"fLaC" + bytes(64), {"flac"}),
    "amr": (b"#!AMR\n" + bytes(64), {"amr"}),
    "webm": (WEBM, {"webm", "mkv", "weba"}),
    "zip": (archive("a.txt"), {"zip"}),
    "rar": (b"Rar!\x1a\x07\x01\x00" + bytes(64), {"rar"}),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(64), {"7z"}),
    "gzip": (b"\x1f\x8b\x08" + bytes(64), {"gz", "tgz"}),
    "bzip2": (b"BZh9" + b"1AY&SY" + bytes(64), {"bz2"}),
    "xz": (b"\xfd7zXZ\x00" + bytes(64), {"xz"}),
    "tar": (b"a.txt".ljust(257, b"\x00") + b"ustar\x0000" + bytes(255), {"tar"}),
    "text": (TEXT, TEXTS),
    "utf-16": (TEXT.decode().encode("utf-16"), TEXTS),
    "program": (b"MZ\x90\x00" + bytes(64), set()),
    "elf": (b"\x7fELF\x02\x01\x01" + bytes(64), set()),
    "script before a pdf": (b"<script>alert(1)</script>%PDF-1.7", {"html", "txt", "js"}),
    "gif with a script, no picture": (b"GIF89a", set()),
}


def accepted(name: str, content: bytes, content_type: str = "") -> bool:
    try:
        check_upload(SimpleUploadedFile(name, content, content_type))
    except UploadRefused:
        return False
    return True


@pytest.mark.parametrize("what", CONTENTS)
def test_each_content_has_its_endings(what: str) -> None:
    content, endings = CONTENTS[what]
    taken = {ending for ending in KINDS if accepted(f"file.{ending}", content)}
    if what == "script before a pdf":
        assert "pdf" not in taken
        assert endings <= taken
    else:
        assert taken == endings


def test_every_ending_is_covered() -> None:
    assert set().union(*(endings for _, endings in CONTENTS.values())) == set(KINDS)


@pytest.mark.parametrize(
    "name", ["a.exe", "a", "a.", ".pdf", "pdf", "a.pdf.exe", "a.docm", "a.pdf ", "a.pdf\u202eexe."]
)
def test_other_endings_are_refused(name: str) -> None:
    if name == "a.pdf ":  # blanks around a name are removed
        assert accepted(name, CONTENTS["pdf"][0])
    else:
        assert not accepted(name, CONTENTS["pdf"][0])


@pytest.mark.parametrize(
    ("what", "name", "declared", "taken"),
    [
        ("jpeg", "a.jpg", "image/jpeg", True),
        ("jpeg", "a.jpg", "image/jpg", True),
        ("jpeg", "a.jpg", "application/octet-stream", True),
        ("jpeg", "a.jpg", "text/plain", True),
        ("jpeg", "a.jpg", "image/png", False),
        ("jpeg", "a.jpg", "text/html", False),
        ("jpeg", "a.jpg", "image/svg+xml", False),
        ("text", "a.svg", "image/svg+xml", True),
        ("text", "a.csv", "application/vnd.ms-excel", True),
        ("text", "a.csv", "text/csv; charset=utf-8", True),
        ("text", "a.js", "application/javascript", True),
        ("text", "a.txt", "image/png", False),
        ("pdf", "a.pdf", "application/pdf", True),
        ("pdf", "a.pdf", "application/PDF", True),
        ("pdf", "a.pdf", "image/jpeg", False),
        ("pdf", "a.pdf", "text/html", False),
        ("pdf", "a.pdf", "application/msword", False),
        ("docx", "a.docx", "application/zip", True),
        ("docx", "a.docx", "application/pdf", False),
        ("docx", "a.docx", "application/msword", True),
        ("zip", "a.zip", "application/x-zip-compressed", True),
        ("odt", "a.odt", "application/zip", True),
        ("docx", "a.docx", "application/x-zip-compressed", True),
        ("docx", "a.docx", "application/javascript", False),
        ("docx", "a.docx", "application/wps-office.docx", True),
        ("old office", "a.doc", "application/zip", False),
        ("zip", "a.zip", "application/xhtml+xml", False),
        ("7z", "a.7z", "application/x-compressed", True),
        ("rar", "a.rar", "application/x-rar-compressed", True),
        ("text", "a.txt", "application/zip", False),
        ("text", "a.yaml", "application/x-yaml", True),
        ("text", "a.xhtml", "application/xhtml+xml", True),
        ("text", "a.eml", "message/rfc822", True),
        *(
            (what, f"a.{what}", declared, False)
            for what in ("png", "pdf", "flac")
            for declared in (
                "application/javascript",
                "application/xhtml+xml",
                "application/json",
                "application/zip",
                "application/x-httpd-php",
                "font/woff",
                "nonsense",
            )
        ),
        ("heic", "a.heic", "image/heif", True),
        ("heic", "a.heif", "image/heic", True),
        ("heic", "a.heif", "image/heif", True),
        ("heic", "a.heic", "image/png", False),
        ("ogg", "a.ogg", "application/ogg", True),
        ("mp4", "a.m4a", "video/mp4", True),
        ("mp4", "a.mp4", "application/pdf", False),
        ("rtf", "a.rtf", "text/rtf", True),
    ],
)
def test_the_declared_type_must_not_contradict(what: str, name: str, declared: str, taken: bool) -> None:
    assert accepted(name, CONTENTS[what][0], declared) is taken


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.png", png_header(8193, 6144)),
        ("bomb.png", png_header(13_000, 13_000)),
        ("bomb.png", png_header(2**31 - 1, 2**31 - 1)),
        ("bomb.gif", gif_header(65535, 65535)),
        (
            "bomb.webp",
            b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\xff\x3f\x00\xff\x3f\x00" + bytes(9),
        ),
        ("bomb.heic", iso(b"heic", ispe(512, 512) + ispe(30_000, 30_000))),
        ("bomb.avif", iso(b"avif", ispe(30_000, 30_000))),
    ],
)
def test_pictures_have_a_limit_of_pixels(name: str, content: bytes) -> None:
    with pytest.raises(UploadRefused, match="pixels"):
        check_upload(SimpleUploadedFile(name, content))


def test_exactly_the_limit_is_accepted() -> None:
    assert accepted("a.png", png_header(8192, 6144))  # of the phones of several makers


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", picture("PNG")[:20], png_header(0, 5)])
def test_half_a_picture_is_refused(content: bytes) -> None:
    assert not accepted("a.png", content)


def test_size_is_limited(settings: Any) -> None:
    settings.MAX_UPLOAD_MB = 1
    with pytest.raises(UploadRefused, match=r"larger than 1 MB"):
        check_upload(SimpleUploadedFile("a.txt", b"x" * (1024 * 1024 + 1)))
    assert accepted("a.txt", b"x" * (1024 * 1024))


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04" + bytes(100),
        archive("word/document.xml"),
        archive("[Content_Types].xml", "xl/workbook.xml"),
        # An end record that claims a list of members of 4 GB.
        b"PK\x03\x04" + bytes(40) + b"PK\x05\x06" + bytes(8) + b"\xff" * 8 + bytes(2),
    ],
)
def test_an_archive_without_the_parts_of_a_document_is_refused(content: bytes) -> None:
    assert not accepted("a.docx", content)


def test_the_file_can_be_read_from_the_start_afterwards() -> None:
    for name, (content, endings) in CONTENTS.items():
        for ending in endings:
            file = SimpleUploadedFile(f"a.{ending}", content)
            check_upload(file)
            assert file.read() == content, name


def test_stored_names_are_plain_and_shown_names_readable(tmp_path: Path) -> None:
    assert shown_name("") == "file"
    assert shown_name("\u202e\x00") == "file"
    assert stored_name("....pdf") == "file.pdf"
    assert stored_name("con/../x.PDF") == "x.pdf"
    assert len(stored_name("ü" * 300 + ".pdf")) < 80


@pytest.mark.parametrize("version", [3, 4])
def test_an_office_document_with_a_password(version: int) -> None:
    for name in ("a.docx", "a.xlsx", "a.pptx"):
        assert accepted(name, locked_office(version))


@pytest.mark.parametrize(
    "content",
    [OLD, OLD[:20], locked_office(named="WordDocument"), locked_office()[:48] + b"\xff\xff\xff\x7f" + bytes(600)],
)
def test_another_old_document_is_no_new_one(content: bytes) -> None:
    assert not accepted("a.docx", content)


def test_a_pdf_further_down_is_none() -> None:
    assert not accepted("a.pdf", b"\n" * 1020 + b"%PDF-1.4")


def test_rtf_is_a_document_of_word_too() -> None:
    assert accepted("letter.doc", b"{\\rtf1\\ansi Hello}")
    assert not accepted("letter.xls", b"{\\rtf1\\ansi Hello}")
