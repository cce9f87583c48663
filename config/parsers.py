"""Request bodies, refused when they hold what cannot be stored (core/safe_json.py says what and why)."""

from typing import Any

from django.http import QueryDict
from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles, FormParser, JSONParser, MultiPartParser

from core import safe_json


class SafeJSONParser(JSONParser):
    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return safe_json.loads(stream.read())
        except safe_json.BadJSON as error:
            raise ParseError(str(error))


def _check(fields: QueryDict) -> None:
    try:
        for name, values in fields.lists():
            safe_json.check_text(name)
            for value in values:
                safe_json.check_text(value)
    except safe_json.BadJSON as error:
        raise ParseError(str(error))


class SafeFormParser(FormParser):
    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        fields: QueryDict = super().parse(stream, media_type, parser_context)
        _check(fields)
        return fields


class SafeMultiPartParser(MultiPartParser):
    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> DataAndFiles:
        parsed = super().parse(stream, media_type, parser_context)
        _check(parsed.data)
        return parsed
