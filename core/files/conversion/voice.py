"""Writes sound as Ogg with Opus and one channel, which WhatsApp plays as a voice note. Run by starting.py."""

from itertools import chain
from typing import IO, Any

import av

from core.files.conversion.process import Refused, work

_SAMPLES_PER_SECOND = 48_000
# Speech is good with the first. A voice note of up to 512 KB has a play button on the phone, so a longer one gets
# less, as long as that is enough to understand it.
_BITS_PER_SECOND, _FEWEST_BITS_PER_SECOND = 32_000, 14_000
_PLAYED_AT_ONCE = 500 * 1024
# Of the pages of Ogg around the sound, and of what Opus takes more than it was given.
_OVERHEAD = 1.08
# In seconds. The last one may claim to be shorter than nothing, which FFmpeg reads as a day.
_LONGEST_PACKET = 10
# A third of the time, for a difference that nobody hears in speech.
_OPUS = {"application": "voip", "compression_level": "3"}


def to_voice(source: IO[bytes], target: IO[bytes], asked: dict[str, Any]) -> None:
    """The first sound of a file.

    The format is given: some of what FFmpeg would recognise by itself opens further files and addresses.
    """
    (format,) = asked["formats"]
    try:
        bits_per_second = _bits_per_second(_seconds(source, format), asked["max_bytes"])
        if not _encode(source, target, format, bits_per_second):
            raise Refused("There is no sound in this file.")
    except (av.FFmpegError, OSError, ValueError, EOFError) as error:
        raise Refused("The recording is damaged, or of a kind that cannot be read.") from error
    if target.tell() > asked["max_bytes"]:
        raise Refused("The recording is too long.")


def _seconds(source: IO[bytes], format: str) -> float:
    """How long it is. While recording nobody knows, so the head of a file does not say it."""
    source.seek(0)
    with av.open(source, "r", format=format, metadata_errors="replace") as given:
        if any(not stream.disposition & stream.disposition.attached_pic for stream in given.streams.video):
            raise Refused("This is a video. Send it as MP4.")
        if not given.streams.audio:
            raise Refused("There is no sound in this file.")
        sound = given.streams.audio[0]
        unit = float(sound.time_base or 0)
        lengths = (unit * (packet.duration or 0) for packet in given.demux(sound))
        return sum(seconds for seconds in lengths if 0 < seconds < _LONGEST_PACKET)


def _bits_per_second(seconds: float, max_bytes: int) -> int:
    """Raises Refused for what is too long in any case."""
    for most in (_PLAYED_AT_ONCE, max_bytes):
        fitting = int(most * 8 / max(seconds, 1) / _OVERHEAD)
        if fitting >= _FEWEST_BITS_PER_SECOND:
            return min(fitting, _BITS_PER_SECOND)
    raise Refused("The recording is too long.")


def _encode(source: IO[bytes], target: IO[bytes], format: str, bits_per_second: int) -> int:
    """Return how many samples there were."""
    source.seek(0)
    samples = 0
    with (
        av.open(source, "r", format=format, metadata_errors="replace") as given,
        av.open(target, "w", format="ogg") as made,
    ):
        voice = made.add_stream("libopus", rate=_SAMPLES_PER_SECOND, options=_OPUS)
        voice.layout, voice.bit_rate = "mono", bits_per_second
        resampler = av.AudioResampler(format="s16", layout="mono", rate=_SAMPLES_PER_SECOND)
        for frame in chain(given.decode(given.streams.audio[0]), [None]):
            for part in resampler.resample(frame):
                part.pts, samples = samples, samples + part.samples
                made.mux(voice.encode(part))
        made.mux(voice.encode(None))
    return samples


if __name__ == "__main__":
    work(to_voice)
