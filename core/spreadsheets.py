"""Tables as CSV that spreadsheets open as they are: Excel above all."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from rest_framework import serializers

# How a request names what stands between two fields.
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_NAMES = {sign: name for name, sign in DELIMITERS.items()}

# Excel reads UTF-8 only from files that begin with it.
_BOM = "\ufeff"
# What a spreadsheet takes for the beginning of a formula: also full-width, as a Japanese keyboard writes it.
_SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_CONTROLS = ("\t", "\r", "\n")
_PHONE = re.compile(r"\+\d{8,15}")
# A field with any of these is quoted, whatever separates the fields: people open a file with the wrong separator.
_SEPARATORS = frozenset('",;\t\r\n')


class _DelimiterField(serializers.ChoiceField):
    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(_NAMES.get(data, data))


class DelimiterSerializer(serializers.Serializer[Any]):
    """The query parameter of whatever answers with CSV. Takes the name of a delimiter, or the delimiter itself."""

    delimiter = _DelimiterField(
        choices=list(DELIMITERS), default="comma", help_text="what stands between two fields: comma, semicolon or tab"
    )

    class Meta:
        ref_name = None


def csv_lines(rows: Iterable[Iterable[Any]], *, delimiter: str = "comma") -> Iterator[str]:
    """The rows as lines of CSV, one by one, with a byte order mark in front of the first."""
    between, start = DELIMITERS[delimiter], _BOM
    for row in rows:
        yield f"{start}{between.join(map(_field, row))}\r\n"
        start = ""


def _field(value: Any) -> str:
    text = cell(value)
    return '"' + text.replace('"', '""') + '"' if not _SEPARATORS.isdisjoint(text) else text


def cell(value: Any) -> str:
    """A value as the text of a cell. Texts that a spreadsheet would run as a formula get an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return str(value)
    if _PHONE.fullmatch(value):
        return value
    runs = value.startswith(_CONTROLS) or value.lstrip().startswith(_SIGNS)
    return f"'{value}" if runs else value
