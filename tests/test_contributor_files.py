"""What contributors use beside the suite agrees with it."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def _found(pattern: str, file: str) -> str:
    match = re.search(pattern, (ROOT / file).read_text(), re.MULTILINE)
    assert match is not None, f"{file} has no {pattern}"
    return match[1]


def test_pre_commit_runs_the_ruff_of_make_check() -> None:
    assert _found(r"rev: v(\S+)", ".pre-commit-config.yaml") == _found(r"^ruff==(\S+)$", "requirements-dev.txt")


def test_make_help_lists_every_command() -> None:
    described = re.findall(r"^([a-z-]+):.*## \S", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert described == _found(r"^\.PHONY: (.+)$", "Makefile").split()
