"""What the log says about messages that failed."""

import logging
from typing import Any

logger = logging.getLogger(__name__)


def log_failure(message_id: int, error: dict[str, Any] | None) -> None:
    """Log that a message failed: its id and the provider's code. Its details may quote what was sent."""
    code = (error or {}).get("code")
    facts = {"event": "message_failed", "message_id": message_id, "code": code}
    logger.warning("message %s failed: %s", message_id, code, extra={"facts": facts})
