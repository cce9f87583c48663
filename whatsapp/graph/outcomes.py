"""What an answer of Meta's, or none, means for a message."""

from typing import Any

import httpx
from pywa.errors import WhatsAppError

from messaging.channels import Halted, Outcome, Rejected, Retry, Unknown
from messaging.models import Message
from whatsapp.graph.errors import MetaError, Policy, describe

# What a move or maintenance takes, and how long a retry after one of them waits.
MAINTENANCE_SECONDS = 180.0
LONGEST_PAIR_PAUSE = 3600.0
# How often a file that Meta could not take is uploaded again.
FILE_TRIES = 3

# The request never left: no connection.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


def is_metas(error: WhatsAppError) -> bool:
    """Whether Meta said it. For a body that is not Meta's, pywa makes up an error with the HTTP status as its code.

    401 and 403 mean the same from anybody: our access is refused.
    """
    response = error.raw_response
    made_up = response is not None and error.code == response.status_code and not (error.type or error.fbtrace_id)
    return not made_up or error.code in (401, 403)


def described(error: WhatsAppError) -> tuple[MetaError, float | None]:
    """What Meta's error says, and after how many seconds to come again where Meta said so."""
    response = error.raw_response
    status = response.status_code if response is not None else 400
    title, detail = error.message or "", error.details or ""
    known = describe(error.code, title, detail, transient=bool(error.is_transient) or status >= 500)
    if status == 429 and known.policy is not Policy.PAIR:
        known = describe(429, title, detail)
    return known, retry_after(response)


def outcome_of(known: MetaError, after: float | None, message: Message) -> Outcome:
    """Say what an error of Meta means for the message (table in whatsapp/graph/errors.py)."""
    facts: dict[str, Any] = {"code": known.code, "title": known.title, "detail": known.detail}
    if known.policy is Policy.THROTTLED:
        return Retry(after=after, scope="number", **facts)
    if known.policy is Policy.MAINTENANCE:
        return Retry(after=after or MAINTENANCE_SECONDS, scope="number", **facts)
    if known.policy is Policy.PAIR:
        pause = min(4.0 ** max(message.attempts, 1), LONGEST_PAIR_PAUSE)
        return Retry(after=max(after or 0.0, pause), scope="customer", **facts)
    if known.policy is Policy.FILE:
        return Retry(after=after, tries=FILE_TRIES, **facts)
    if known.policy is Policy.AGAIN:
        return Retry(after=after, **facts)
    if known.policy is Policy.HALTED:
        return Halted(f"{known.title} ({known.code}). {known.detail}")
    return Rejected(known.code, known.title, known.detail, known.retryable)


def unreadable(response: httpx.Response | None) -> Outcome:
    """The outcome of an answer without a body of Meta's.

    500 and 503 come from a server that did not do the work; 502 and 504 from one in between, which may have passed
    the message on before it lost the answer.
    """
    status = response.status_code if response is not None else 200
    if status == 429:
        return Retry(after=retry_after(response), scope="number", code=429, title="Too many messages from this number")
    if status in (502, 504):
        return Unknown(f"HTTP {status} from somewhere in between")
    if status >= 500:
        return Retry(after=retry_after(response), code=status, title="WhatsApp had a temporary problem")
    if status >= 400:
        return Rejected(status, "WhatsApp refused the message", f"HTTP {status}")
    return Unknown("the answer cannot be read")


def retry_after(response: httpx.Response | None) -> float | None:
    """`Retry-After` in seconds, an hour at most; None without one that can be read."""
    value = response.headers.get("Retry-After", "") if response is not None else ""
    return min(float(value), 3600.0) if value.isascii() and value.isdigit() else None
