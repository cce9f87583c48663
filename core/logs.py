"""Keeps secrets out of the logs."""

import logging
import re

_SECRETS = re.compile(r"((?:ticket|token|sig|access_token)=)[^&\s\"']+", re.IGNORECASE)


class HideSecrets(logging.Filter):
    """Removes tickets, tokens and signatures from the URLs that servers log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_SECRETS.sub(r"\1...", arg) if isinstance(arg, str) else arg for arg in record.args)
        if isinstance(record.msg, str):
            record.msg = _SECRETS.sub(r"\1...", record.msg)
        return True
