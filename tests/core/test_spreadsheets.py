"""Tables as CSV: what a spreadsheet makes of them."""

import csv
import io
from typing import Any

import pytest

from core.spreadsheets import DELIMITERS, cell, csv_lines

FORMULAS = [
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "  =1", "\u3000=1", "\uff1d1", "\uff0b1", "\uff0d1",
    "\uff20A", "+94 77 123", "+1234567", "+1234567890123456", "-5", "\n", "+94771234567\n=1",
]  # fmt: skip
PLAIN = ["+94771234567", "+12025550101", "Jane", "a=b", "1-2", "", " Jane", "élan", "O'Brien", "'quoted'"]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_runs_gets_an_apostrophe(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_what_does_not_run_stays(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize(("value", "shown"), [(None, ""), (True, "true"), (False, "false"), (7, "7"), (1.5, "1.5")])
def test_other_values(value: Any, shown: str) -> None:
    assert cell(value) == shown


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_any_separator_can_be_read_back(delimiter: str) -> None:
    rows = [["name", "note"], ["Jane, Roe; and\tco", 'says "hi"\nand leaves'], ["", "plain"]]
    text = "".join(csv_lines(rows, delimiter=delimiter))
    assert text.startswith("\ufeff")
    assert text.count("\ufeff") == 1
    found = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=DELIMITERS[delimiter]))
    assert found == rows


def test_a_field_with_any_separator_is_quoted() -> None:
    """Whoever opens the file with the wrong one still sees a whole field."""
    for sign in ",;\t":
        assert list(csv_lines([[f"a{sign}b", "c"]], delimiter="semicolon")) == [f'\ufeff"a{sign}b";c\r\n']
