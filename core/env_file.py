"""Changes settings in a `.env` file: other lines and comments stay, and only its owner can read it."""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

_PLAIN = re.compile(r"[\w.,:/|+=@%-]*")


def values_in(text: str) -> dict[str, str]:
    """Return the settings in a file, as they are written. Of a name that is there twice the last counts."""
    found = re.findall(r"^(?:export )?([A-Z_]+)=(.*)$", text, re.MULTILINE)
    return {name: value.strip().strip("'\"") for name, value in found}


def changed(text: str, values: Mapping[str, str]) -> str:
    """Return the text with these settings: in place of the line that sets one, else of its commented example, else
    at the end. Raises ValueError for a value that a line cannot hold.
    """
    for name, value in values.items():
        line = f"{name}={_quoted(value)}"
        for pattern in (rf"^(?:export )?{name}=.*$", rf"^# ?{name}=.*$"):
            if re.search(pattern, text, re.MULTILINE):
                text = re.sub(pattern, line.replace("\\", r"\\"), text, flags=re.MULTILINE)
                break
        else:
            text = f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{line}\n"
    return text


def write(path: Path, text: str) -> None:
    """Replace a file by this text, whole or not at all. Only its owner can read it; a link stays a link."""
    path = path.resolve()
    descriptor, new = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # with mode 600
    try:
        with open(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists() and os.geteuid() == 0:
            os.chown(new, path.stat().st_uid, path.stat().st_gid)
        os.replace(new, path)
    except BaseException:
        os.unlink(new)
        raise


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if "'" in value or "\n" in value:
        raise ValueError("A setting cannot contain a quote or a line break.")
    return f"'{value}'"
