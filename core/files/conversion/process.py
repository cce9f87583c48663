"""The side of the process that converts: it reads standard input, writes standard output, and ends.

It ends with 0, or with REFUSED and a reason for people on standard error. Anything else means that it broke.
"""

import json
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

REFUSED = 3

# What it does: source, target, what was asked.
Work = Callable[[IO[bytes], IO[bytes], dict[str, Any]], None]


class Refused(Exception):
    """The file cannot be converted; `str()` tells people why."""


def work(do: Work) -> None:
    """Do it, within the limits in the arguments, and end the process."""
    asked = json.loads(sys.argv[1])
    _limit(asked)
    source, target = open(0, "rb", closefd=False), open(1, "w+b", closefd=False)  # noqa: SIM115 - they end with us
    try:
        do(source, target, asked)
        target.flush()
    except Refused as error:
        sys.stderr.write(str(error))
        sys.exit(REFUSED)


def _limit(asked: dict[str, Any]) -> None:
    """End by itself, also when nobody is left who would end it."""
    signal.alarm(asked["wall_seconds"])
    limits = {
        resource.RLIMIT_AS: asked["memory"],
        resource.RLIMIT_CPU: asked["seconds"],
        resource.RLIMIT_FSIZE: asked["largest_file"],
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        with suppress(ValueError, OSError):  # macOS has no limit of memory
            resource.setrlimit(what, (most, most))
