"""Small files of every kind that WhatsApp takes, and of some that it does not."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def upload(name: str, content: bytes, content_type: str = "application/octet-stream") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type)


def picture(format: str = "JPEG", size: tuple[int, int] = (8, 6), mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, format)
    return buffer.getvalue()


def jpeg(name: str = "photo.jpg") -> SimpleUploadedFile:
    return upload(name, picture(), "image/jpeg")


def opus(channels: int = 1, codec: bytes = b"OpusHead") -> bytes:
    return b"OggS" + b"\x00" * 24 + codec + b"\x01" + bytes([channels]) + b"\x00" * 40


def mp4(size: int = 64) -> bytes:
    return (b"\x00\x00\x00\x18ftypmp42" + b"\x00" * size)[: max(size, 16)]


def moving_webp(padding: int = 0) -> bytes:
    """The head of an animated WebP of 512 x 512 pixels."""
    canvas = (511).to_bytes(3, "little") * 2
    body = b"WEBPVP8X" + (10).to_bytes(4, "little") + b"\x02\x00\x00\x00" + canvas + b"\x00" * (16 + padding)
    return b"RIFF" + len(body).to_bytes(4, "little") + body
