"""`python scripts/install.py requirements.txt`: pip, with one line that moves in place of pages, or of silence."""

import re
import subprocess
import sys
from collections.abc import Callable
from typing import TextIO

# Of what pip said, if it fails.
LAST_LINES = 15
# Without a terminal, one line for so many packages.
STEP = 10


def shows(out: TextIO) -> Callable[[int, str], None]:
    """Return what shows how many packages there are, and the name of the last: in place, or now and then a line."""

    def in_place(count: int, name: str) -> None:
        out.write(f"\r\033[K  {count} packages: {name}"[:78])
        out.flush()

    def now_and_then(count: int, name: str) -> None:
        if count % STEP == 0:
            out.write(f"  {count} packages\n")
            out.flush()

    return in_place if out.isatty() else now_and_then


def install(requirements: str, out: TextIO) -> int:
    """Install, and return pip's status. What it said is shown only if it failed."""
    out.write(f"Installing the packages of {requirements} into .venv. This happens once and takes a minute or two.\n")
    out.flush()
    show, said, count = shows(out), list[str](), 0
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    with subprocess.Popen(
        [*pip, "-r", requirements], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        assert run.stdout is not None
        for line in run.stdout:
            said.append(line)
            if found := re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line):
                count += 1
                show(count, found[1])
            elif line.startswith("Installing collected packages"):
                show(count, "all are here, now unpacking")
    end = "\r\033[K" if out.isatty() else ""
    if run.returncode:
        out.write(f"{end}That failed. pip says:\n\n{''.join(said[-LAST_LINES:])}")
    else:
        out.write(f"{end}Installed: {count} packages.\n")
    return run.returncode


if __name__ == "__main__":
    sys.exit(install(sys.argv[1], sys.stdout))
