"""What log lines say beside their message, and what they must not say."""

import logging
import re

from uvicorn.logging import ColourizedFormatter

from core.request_id import current


def _as_in_urls(name: str) -> str:
    """A pattern for the name of a parameter, any of whose letters may be written as `%74`."""
    return "".join(f"(?:{letter}|%{ord(letter):x}|%{ord(letter.upper()):x})" for letter in name)


# `access_token` ends like `token`.
_SECRETS = re.compile(rf"((?:{'|'.join(map(_as_in_urls, ('ticket', 'token', 'sig')))})=)[^&\s\"']+", re.IGNORECASE)


class HideSecrets(logging.Filter):
    """Removes tickets, tokens and signatures from the URLs that servers log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_SECRETS.sub(r"\1...", arg) if isinstance(arg, str) else arg for arg in record.args)
        if isinstance(record.msg, str):
            record.msg = _SECRETS.sub(r"\1...", record.msg)
        return True


class WithRequestId(logging.Formatter):
    """Lines as `inner` formats them. The first line of what is logged for a request ends with its id in brackets."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self.inner = inner

    def format(self, record: logging.LogRecord) -> str:
        text = self.inner.format(record)
        request_id = current()
        if not request_id:
            return text
        first, newline, traceback = text.partition("\n")
        return f"{first} [{request_id}]{newline}{traceback}"


def prepare_server_logs() -> None:
    """Keep secrets out of what uvicorn logs, and add request ids unless its lines have a format of somebody's own."""
    for name in ("uvicorn.access", "uvicorn.error"):
        logging.getLogger(name).addFilter(HideSecrets())
    for name in ("uvicorn", "uvicorn.access"):
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler.formatter, ColourizedFormatter):
                handler.setFormatter(WithRequestId(handler.formatter))
