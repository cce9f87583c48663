"""Outcomes of sends on disk, from when they are known until the database has them.

One small file for each, in the folder `outcomes` below MEDIA_ROOT, named by the token of the claim: relays that share
the folder never write into the same file, and whoever stores an outcome removes its file. Reading one twice is
harmless, because only the token of a claim finishes it (docs/decisions/018-nothing-in-doubt.md).

A file survives the death of its process as soon as it is written, and a power cut once `secure` was called: that takes
8 ms here, and writing alone 20 microseconds, so it is done only when the database does not take the outcome at once.
"""

import json
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings

from messaging.relay.results import Job, Result

logger = logging.getLogger(__name__)

_DONE, _WRITING, _REFUSED = ".json", ".writing", ".refused"


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / "outcomes"


def _file(token: UUID) -> Path:
    return _folder() / f"{token}{_DONE}"


def note(job: Job, result: Result) -> None:
    """Write an outcome down. A disk that is full or read-only is logged: the outcome is still in memory."""
    text = json.dumps({"job": job.as_json(), "result": result.as_json()})
    unfinished = _folder() / f"{job.token}{_WRITING}"
    try:
        try:
            unfinished.write_text(text)
        except FileNotFoundError:
            _folder().mkdir(parents=True, exist_ok=True)
            unfinished.write_text(text)
        unfinished.rename(_file(job.token))  # so that nobody reads half of it
    except OSError as error:
        logger.error("message %s: its outcome could not be written down: %s", job.message_id, error)


def secure(job: Job, result: Result) -> None:
    """Have an outcome survive a power cut, too. Writes it once more if it is not there. Never raises."""
    if not _file(job.token).exists():
        note(job, result)
    for path in (_file(job.token), _folder()):
        try:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            logger.error("message %s: its outcome may not survive a power cut: %s", job.message_id, error)


def forget(token: UUID) -> None:
    """Remove an outcome that the database has, or does not want."""
    try:
        _file(token).unlink(missing_ok=True)
    except OSError as error:
        logger.error("%s could not be removed: %s", _file(token), error)


def set_aside(token: UUID) -> None:
    """Keep an outcome that cannot be stored where nobody reads it again by itself."""
    _rename(_file(token), _folder() / f"{token}{_REFUSED}")


def _rename(path: Path, to: Path) -> None:
    try:
        path.rename(to)
    except OSError as error:
        logger.error("%s could not be set aside: %s", path, error)


def left_over(older_than: float) -> Iterator[tuple[Job, Result]]:
    """The outcomes that were written down more than so many seconds ago: whoever wrote them is gone, or cannot store
    them. A file that cannot be read is set aside.
    """
    before = time.time() - older_than
    try:
        names = [entry.name for entry in os.scandir(_folder()) if entry.name.endswith(_DONE)]
    except FileNotFoundError:
        return
    except OSError as error:
        logger.error("what other relays left behind cannot be read: %s", error)
        return
    for name in sorted(names):
        path = _folder() / name
        try:
            if path.stat().st_mtime > before:
                continue
            said = json.loads(path.read_text())
            yield Job.from_json(said["job"]), Result.from_json(said["result"])
        except FileNotFoundError:
            continue  # stored by another relay meanwhile
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.error("%s cannot be read: %r", path, error)
            _rename(path, path.with_suffix(_REFUSED))
