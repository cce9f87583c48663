"""Meta's error codes, and what Patter makes of them (docs/whatsapp.md, "Error codes").

Codes are matched, never titles: Meta rewords those.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Policy(Enum):
    AGAIN = "again"  # temporary: the same message again in a moment
    FILE = "file"  # the file must be uploaded anew, a few times at most
    THROTTLED = "throttled"  # the whole number is too fast
    PAIR = "pair"  # too many messages to this one customer
    MAINTENANCE = "maintenance"  # the number rests for minutes
    REFUSED = "refused"  # this message will not go; `retryable` says whether it ever may
    HALTED = "halted"  # nothing goes from this number until an admin acts


@dataclass(frozen=True)
class Known:
    policy: Policy
    title: str
    hint: str = ""
    retryable: bool = False


@dataclass(frozen=True)
class MetaError:
    """One error of Meta, in words for the person who wrote the message."""

    code: int | str
    policy: Policy
    title: str
    detail: str
    retryable: bool

    def as_error(self) -> dict[str, Any]:
        """The `error` of a message."""
        return {"code": self.code, "title": self.title, "detail": self.detail, "retryable": self.retryable}

    @classmethod
    def again(cls, error: dict[str, Any]) -> "MetaError":
        """What `as_error` was made of."""
        return cls(**error, policy=describe(error["code"]).policy)


_AGAIN = Known(Policy.AGAIN, "WhatsApp had a temporary problem", "Try again later.", retryable=True)
_THROTTLED = Known(Policy.THROTTLED, "Too many messages from this number", "Try again later.", retryable=True)
_TOKEN = Known(
    Policy.HALTED,
    "WhatsApp refuses our access",
    "Check the access token of the number and its permissions.",
    retryable=True,
)
_ACCOUNT = Known(
    Policy.HALTED, "WhatsApp has restricted the business account", "See the account in Meta's Business Manager."
)
_REGISTRATION = Known(
    Policy.HALTED, "The business number is not registered", "Register it again in Meta's WhatsApp Manager."
)
_BAD_REQUEST = Known(
    Policy.REFUSED, "WhatsApp does not accept this message", "Change what is named here and send it anew."
)
_TEMPLATE = Known(Policy.REFUSED, "The template cannot be used", "Choose another template.")
_SPAM = Known(
    Policy.REFUSED,
    "WhatsApp limits this number for its quality",
    "Wait before writing more; see the number's quality in WhatsApp Manager.",
    retryable=True,
)
_MARKETING = Known(
    Policy.REFUSED,
    "WhatsApp held back a marketing message",
    "Do not try again within 24 hours.",
    retryable=True,
)

_TABLE: dict[int, Known] = {
    **dict.fromkeys((1, 2, 131000, 131016, 133004), _AGAIN),
    **dict.fromkeys((4, 80007, 130429, 429), _THROTTLED),
    131056: Known(Policy.PAIR, "Too many messages to this customer", "Wait a minute.", retryable=True),
    **dict.fromkeys(
        (131057, 133016),
        Known(Policy.MAINTENANCE, "The number is being moved by WhatsApp", "Try again later.", retryable=True),
    ),
    131053: Known(Policy.FILE, "WhatsApp could not take the file", "Check its format, or send another.", True),
    131052: Known(Policy.REFUSED, "The file could not be downloaded", "Ask the customer to send it again."),
    **dict.fromkeys((131048, 131064), _SPAM),
    **dict.fromkeys((131049, 130472), _MARKETING),
    131050: Known(Policy.REFUSED, "The customer stopped marketing messages", "Write without a marketing template."),
    131047: Known(Policy.REFUSED, "The 24-hour window has closed", "Send a template."),
    131026: Known(
        Policy.REFUSED,
        "The message cannot be delivered",
        "The number may not be on WhatsApp, use an old version, or have blocked us.",
    ),
    **dict.fromkeys((33, 100, 131008, 131009, 131021, 131051, 132000, 132005, 132008, 132012, 135000), _BAD_REQUEST),
    **dict.fromkeys((132001, 132007, 132015, 132016), _TEMPLATE),
    132068: Known(Policy.REFUSED, "The flow is blocked", "Send something else."),
    132069: Known(Policy.REFUSED, "The flow was sent too often", "Try again in an hour.", retryable=True),
    **dict.fromkeys((0, 3, 10, 190, 401, 403, *range(200, 300), 131005), _TOKEN),
    **dict.fromkeys((368, 131031, 130497, 131042, 131044, 131037, 131045), _ACCOUNT),
    **dict.fromkeys((133005, 133006, 133008, 133009, 133010, 133015), _REGISTRATION),
    131030: Known(
        Policy.REFUSED,
        "The test number may not write to this recipient",
        "Add the recipient to the allowed numbers in Meta's app settings.",
        retryable=True,
    ),
    131062: Known(Policy.REFUSED, "This message needs the customer's phone number", "Ask them for it."),
    131063: Known(
        Policy.REFUSED,
        "Marketing templates are switched off for this number",
        "Use another template, or switch them on in WhatsApp Manager.",
    ),
    137000: Known(
        Policy.REFUSED,
        "The customer has a new device or number",
        "Make sure it is still them, then send again.",
        retryable=True,
    ),
}


def describe(code: Any, title: str = "", detail: str = "", *, transient: bool = False) -> MetaError:
    """Return what an error of Meta means. `title` and `detail` are Meta's words."""
    known = _TABLE.get(code) if isinstance(code, int) else None
    if known is None:
        policy = Policy.AGAIN if transient else Policy.REFUSED
        known = Known(policy, title or "WhatsApp refused the message", retryable=transient)
    words = detail or (title if title != known.title else "")
    return MetaError(
        code=code if isinstance(code, int) else "unknown",
        policy=known.policy,
        title=known.title,
        detail=". ".join(part.rstrip(".") for part in (words, known.hint) if part),
        retryable=known.retryable,
    )
