"""Small files of every kind that WhatsApp takes, and of some that it does not."""

import array
import io
import math
import os
from functools import cache
from typing import Any

import av
import pillow_heif
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

pillow_heif.register_heif_opener()

ORIENTATION, MAKER, GPS = 0x0112, 0x010F, 0x8825


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


@cache
def moving_picture(format: str) -> bytes:
    """Two frames, or pages."""
    frames = [Image.new("RGB", (16, 12), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, format, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def quarters(format: str = "JPEG", *, turned: int = 0, mode: str = "RGB", **options: Any) -> bytes:
    """A picture of 80 x 60 pixels, red above on the left and blue elsewhere. `turned` is its EXIF orientation.

    With it come the place where it was taken and the maker of the camera.
    """
    image = Image.new("RGB", (80, 60), "blue")
    image.paste("red", (0, 0, 40, 30))
    if turned:
        exif = Image.Exif()
        exif[ORIENTATION], exif[MAKER] = turned, "Patter Cameras"
        exif.get_ifd(GPS)[1] = "N"
        options["exif"] = exif.tobytes()
    buffer = io.BytesIO()
    image.convert(mode).save(buffer, format, **options)
    return buffer.getvalue()


@cache
def noise(format: str, width: int, height: int, mode: str = "RGB") -> bytes:
    """A picture that hardly gets smaller by compression."""
    image = Image.frombytes(mode, (width, height), os.urandom(width * height * len(mode)))
    buffer = io.BytesIO()
    image.save(buffer, format, **({"quality": 98} if format == "JPEG" else {}))
    return buffer.getvalue()


@cache
def recorded(
    container: str,
    codec: str,
    *,
    channels: int = 1,
    rate: int = 48_000,
    seconds: float = 0.5,
    moving: bool = False,
    pieces: bool = False,
) -> bytes:
    """A tone as a browser records it. `pieces`: an MP4 as it is while it is still recorded."""
    layout = "mono" if channels == 1 else "stereo"
    buffer = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov"} if pieces else {}
    with av.open(buffer, "w", format=container, options=options) as made:
        if moving:
            film: Any = made.add_stream("libvpx" if container == "webm" else "mpeg4", rate=5)
            film.width, film.height = 32, 32
        sound: Any = made.add_stream(codec, rate=rate, options={"strict": "experimental"})
        sound.layout = layout
        if moving:
            for at in range(3):
                frame = av.VideoFrame(32, 32, "yuv420p")
                frame.pts = at
                made.mux(film.encode(frame))
            made.mux(film.encode(None))
        for at in range(0, int(rate * seconds), 960):
            tone = [int(9000 * math.sin((at + one) * 2 * math.pi * 440 / rate)) for one in range(960)]
            samples = array.array("h", [value for value in tone for _ in range(channels)]).tobytes()
            part = av.AudioFrame(format="s16", layout=layout, samples=960)
            part.sample_rate, part.pts = rate, at
            part.planes[0].update(samples + b"\x00" * (part.planes[0].buffer_size - len(samples)))
            made.mux(sound.encode(part))
        made.mux(sound.encode(None))
    return buffer.getvalue()
