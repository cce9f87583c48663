"""Parsers that refuse request bodies with text that cannot be stored (core/safe_json.py says what that is, and why)."""

import html
import logging
from typing import Any

from django.http import QueryDict
from django.http import multipartparser as django_multipart
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import DataAndFiles, FormParser, JSONParser, MultiPartParser
from rest_framework.parsers import get_encoding as encoding_of  # type: ignore[attr-defined]  # not in the stubs

from core import safe_json
from core.files.names import clean_name
from core.files.storage import NoRoom

logger = logging.getLogger(__name__)

_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate", "compress", "br", "zstd"})


class SafeJSONParser(JSONParser):
    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return safe_json.loads(stream.read())
        except safe_json.BadJSON as error:
            request = (parser_context or {}).get("request")
            coding = request.headers.get("Content-Encoding", "") if request is not None else ""
            if coding.strip().lower() in _COMPRESSED:
                raise UnsupportedMediaType(str(media_type), f"Send the body without Content-Encoding: {coding[:20]}.")
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


class _NamesKept(django_multipart.MultiPartParser):
    """Django's parser, except that it keeps joiners and special blanks in the names of files.

    Django removes them because Python does not consider them printable.
    """

    def sanitize_file_name(self, file_name: str) -> str | None:
        name = clean_name(html.unescape(file_name))
        return None if name in {"", ".", ".."} else name


class SafeMultiPartParser(MultiPartParser):
    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> "DataAndFiles[Any, Any]":
        """Do what DRF's does, which does not allow for another parser than Django's."""
        context = parser_context or {}
        request = context["request"]
        meta = {**request.META, "CONTENT_TYPE": media_type}
        encoding = encoding_of(context)
        try:
            data, files = _NamesKept(meta, stream, request.upload_handlers, encoding).parse()
        except django_multipart.MultiPartParserError as error:
            raise ParseError(f"Multipart form parse error - {error}")
        except OSError as error:  # large files are written to the temporary directory
            logger.error("an upload cannot be written to the temporary directory: %s", error)
            raise NoRoom
        _check(data)
        return DataAndFiles(data, files)
