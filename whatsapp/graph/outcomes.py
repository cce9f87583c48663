"""What an answer from Meta, or the lack of one, means for a message (docs/whatsapp.md, "Error codes")."""

import time
from typing import Any

import httpx
from django.utils.http import parse_http_date_safe

from messaging.channels import Halted, Outcome, Rejected, Retry, Unknown
from whatsapp.graph.errors import MetaError, Policy

# How long a number pauses for maintenance.
MAINTENANCE_SECONDS = 180.0
LONGEST_PAIR_PAUSE = 3600.0
# What is believed of a `Retry-After`, in seconds: after that it is tried whether it still holds.
LONGEST_RETRY_AFTER = 15 * 60.0
# What a proxy answers that lets nobody through, and how long a number pauses then.
DENIED, DENIED_SECONDS = (401, 403, 407), 60.0
# How often a file that Meta could not use is uploaded, in all.
FILE_TRIES = 3

# Without a connection the request cannot have left.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


def outcome_of(known: MetaError, after: float | None, attempts: int) -> Outcome:
    """Return what an error means for a message that was tried `attempts` times."""
    facts: dict[str, Any] = {"code": known.code, "title": known.title, "detail": known.detail}
    if known.policy is Policy.THROTTLED:
        return Retry(after=after, scope="number", **facts)
    if known.policy is Policy.MAINTENANCE:
        return Retry(after=after or MAINTENANCE_SECONDS, scope="number", kind="paused", **facts)
    if known.policy is Policy.PAIR:
        pause = min(4.0 ** max(attempts, 1), LONGEST_PAIR_PAUSE)
        return Retry(after=max(after or 0.0, pause), scope="customer", **facts)
    if known.policy is Policy.FILE:
        return Retry(after=after, tries=FILE_TRIES, **facts)
    if known.policy is Policy.FORGOTTEN:
        return Retry(after=after, tries=attempts + 1, **facts)
    if known.policy is Policy.AGAIN:
        return Retry(after=after, **facts)
    if known.policy is Policy.HALTED:
        return Halted(f"{known.title} ({known.code}). {known.detail}")
    return Rejected(known.code, known.title, known.detail, known.retryable)


def unreadable(response: httpx.Response | None) -> Outcome:
    """Return what an answer means whose body is not Meta's.

    401, 403 and 407 come from a proxy: Meta says why it denies access. 500 and 503 come from a server that did not do
    the work. 502 and 504 come from a proxy, which may have passed on the message before it lost the answer.
    """
    status = response.status_code if response is not None else 200
    if status == 429:
        return Retry(after=retry_after(response), scope="number", code=429, title="Too many messages from this number")
    if status in (502, 504):
        return Unknown(f"HTTP {status} from a proxy")
    if status >= 500:
        return Retry(after=retry_after(response), code=status, title="WhatsApp had a temporary problem")
    if status in DENIED:
        title = "Something between us and WhatsApp denied access"
        return Retry(code=status, title=title, detail="Check the proxy.", number_pauses=DENIED_SECONDS)
    if status >= 400:
        return Rejected(status, "WhatsApp refused the message", f"HTTP {status}")
    if status >= 300:
        return Retry(code=status, title="Something between us and WhatsApp answered in its place")
    return Unknown("the answer could not be read")


def retry_after(response: httpx.Response | None) -> float | None:
    """`Retry-After` in seconds, LONGEST_RETRY_AFTER at most; None if there is none, or it says nothing.

    It is a number of seconds or a date in one of three forms (RFC 9110, 10.2.3 and 5.6.7). A date is compared with the
    one of the answer, because our clock may differ from theirs.
    """
    if response is None:
        return None
    value = response.headers.get("Retry-After", "")
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_RETRY_AFTER)
    date = parse_http_date_safe(value)
    if date is None:
        return None
    answered = parse_http_date_safe(response.headers.get("Date", ""))
    return min(max(date - (time.time() if answered is None else answered), 0.0), LONGEST_RETRY_AFTER)
