"""Meta's error codes, and what Patter does about each (docs/whatsapp.md, "Error codes").

Codes are matched and never titles, because Meta rewords titles.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from core.safe_json import storable

# The longest text of an error that is kept.
LONGEST_TEXT = 1000


class Policy(Enum):
    AGAIN = "again"  # temporary: send the same message again in a moment
    FILE = "file"  # upload the file again, a few times at most
    FORGOTTEN = "forgotten"  # upload the file again, once: its id is no longer known
    THROTTLED = "throttled"  # the number sends too fast
    PAIR = "pair"  # too many messages to this customer
    MAINTENANCE = "maintenance"  # the number has to pause for minutes
    REFUSED = "refused"  # this message was refused; `retryable` says whether it may succeed later
    HALTED = "halted"  # nothing can be sent from this number until an admin acts


@dataclass(frozen=True)
class Known:
    policy: Policy
    title: str
    hint: str = ""
    retryable: bool = False


@dataclass(frozen=True)
class MetaError:
    """An error of Meta, in words for the person who wrote the message."""

    code: int | str
    policy: Policy
    title: str
    detail: str
    retryable: bool

    def as_error(self) -> dict[str, Any]:
        """The `error` field of a message."""
        return {"code": self.code, "title": self.title, "detail": self.detail, "retryable": self.retryable}

    @classmethod
    def again(cls, error: dict[str, Any]) -> "MetaError":
        """Restore the error from the `error` field of a message."""
        return cls(**error, policy=describe(error["code"]).policy)


_AGAIN = Known(Policy.AGAIN, "WhatsApp had a temporary problem", "Try again later.", retryable=True)
_THROTTLED = Known(Policy.THROTTLED, "Too many messages from this number", "Try again later.", retryable=True)
_TOKEN = Known(
    Policy.HALTED,
    "WhatsApp denied us access",
    "Check the access token of the number and its permissions.",
    retryable=True,
)
_ACCOUNT = Known(
    Policy.HALTED, "WhatsApp has restricted the business account", "Check the account in Meta Business Manager."
)
_REGISTRATION = Known(Policy.HALTED, "The business number is not registered", "Register it again in WhatsApp Manager.")
_GONE = Known(
    Policy.HALTED,
    "The business number is gone, or we have no access to it",
    "Check in WhatsApp Manager whether it is still there, and whether the access token may use it.",
)
_GROUP = Known(Policy.REFUSED, "This cannot be sent to a group", "Write to its members one by one.")
_MARKETING_API = Known(
    Policy.REFUSED, "WhatsApp does not take marketing messages in this way", "Use a template of another category."
)
_CALLING = Known(Policy.REFUSED, "WhatsApp does not allow this call", "Ask the customer whether you may call.")
_FLOW = Known(Policy.REFUSED, "The flow cannot be used", "Check it in WhatsApp Manager, or send something else.")
_USERNAME = Known(Policy.REFUSED, "WhatsApp refused the username of the business", "Change it in WhatsApp Manager.")
_BAD_REQUEST = Known(
    Policy.REFUSED, "WhatsApp does not accept this message", "Correct it and send it as a new message."
)
_TEMPLATE = Known(Policy.REFUSED, "The template cannot be used", "Choose another template.")
_SPAM = Known(
    Policy.REFUSED,
    "WhatsApp has limited this number because of its quality rating",
    "Wait before you send more. WhatsApp Manager shows the rating.",
    retryable=True,
)
_MARKETING = Known(
    Policy.REFUSED,
    "WhatsApp held back this marketing message",
    "Wait at least 24 hours before you send it again.",
    retryable=True,
)

_TABLE: dict[int, Known] = {
    **dict.fromkeys((1, 2, 131000, 131016, 133004), _AGAIN),
    **dict.fromkeys((4, 17, 341, 429, 613, 80007, 80008, 130429), _THROTTLED),
    131056: Known(Policy.PAIR, "Too many messages to this customer", "Try again in a minute.", retryable=True),
    **dict.fromkeys(
        (131057, 133000, 133015, 133016),
        Known(Policy.MAINTENANCE, "WhatsApp is working on this number", "Try again in a few minutes.", retryable=True),
    ),
    131053: Known(Policy.FILE, "WhatsApp could not use the file", "Check its format, or send another file.", True),
    131052: Known(Policy.REFUSED, "The file could not be downloaded", "Ask the customer to send it again."),
    **dict.fromkeys((131048, 131064), _SPAM),
    **dict.fromkeys((131049, 130472), _MARKETING),
    131050: Known(Policy.REFUSED, "The customer has stopped marketing messages", "Use a template of another category."),
    131047: Known(Policy.REFUSED, "The 24-hour window has closed", "Send a template."),
    131026: Known(
        Policy.REFUSED,
        "The message cannot be delivered",
        "The customer may not be on WhatsApp, may use an old version, or may have blocked us.",
    ),
    **dict.fromkeys(
        (100, 131008, 131009, 131021, 131051, 132000, 132005, 132008, 132012, 132018, 135000), _BAD_REQUEST
    ),
    **dict.fromkeys((33, 803), _GONE),
    **dict.fromkeys((132001, 132007, 132015, 132016), _TEMPLATE),
    132068: Known(Policy.REFUSED, "The flow is blocked", "Send something else."),
    132069: Known(Policy.REFUSED, "The flow was sent too often", "Try again in an hour.", retryable=True),
    **dict.fromkeys((0, 3, 10, 102, 104, 190, 401, 403, *range(200, 300), 131005), _TOKEN),
    **dict.fromkeys((368, 130497, 131031, 131037, 131042, 131044, 131045, 134011), _ACCOUNT),
    **dict.fromkeys((133005, 133006, 133008, 133009, 133010), _REGISTRATION),
    131030: Known(
        Policy.REFUSED,
        "A test number can write only to the recipients on its list",
        "Add this recipient to the list in the Meta App Dashboard.",
        retryable=True,
    ),
    131062: Known(Policy.REFUSED, "This message needs the customer's phone number", "Ask them for it."),
    131063: Known(
        Policy.REFUSED,
        "Marketing templates are switched off for this number",
        "Use another template, or switch them on in WhatsApp Manager.",
    ),
    130403: Known(Policy.REFUSED, "We have blocked this customer", "Unblock them to write to them."),
    **dict.fromkeys((131020, 131041, *range(131201, 131208), *range(131209, 131216)), _GROUP),
    131208: Known(Policy.REFUSED, "Too many messages to groups", "Try again in a minute.", retryable=True),
    **dict.fromkeys((131055, 134100, 134101, 134102), _MARKETING_API),
    **dict.fromkeys(range(138000, 138019), _CALLING),
    **dict.fromkeys(range(139000, 139005), _FLOW),
    **dict.fromkeys(range(147001, 147006), _USERNAME),
    137000: Known(
        Policy.REFUSED,
        "The customer has a new device or number",
        "Make sure that it is still them, then send it again.",
        retryable=True,
    ),
}


# An id that Meta does not know (any longer) has no code of its own. These words say it wherever they are; others say it
# of a file that went up before (whatsapp/graph/refusals.py).
_FORGOTTEN_WORDS = "media attachment id"
_FORGOTTEN = Known(Policy.FORGOTTEN, "WhatsApp no longer has the file", "Send it again.", retryable=True)


def clean(text: str) -> str:
    """Meta's words as they can be stored: NUL characters and lone surrogates would break every list they are in."""
    return storable(text)[:LONGEST_TEXT]


def describe(code: Any, title: str = "", detail: str = "", *, transient: bool = False) -> MetaError:
    """Return what an error code means. `title` and `detail` are Meta's words."""
    known = _TABLE.get(code) if isinstance(code, int) else None
    if code == 100 and _FORGOTTEN_WORDS in f"{title} {detail}".lower():
        known = _FORGOTTEN
    if known is None:
        policy = Policy.AGAIN if transient else Policy.REFUSED
        known = Known(policy, title or "WhatsApp refused the message", retryable=transient)
    return _in_words(known, code, title, detail)


def forgotten(code: Any, title: str, detail: str) -> MetaError:
    """An error that says that Meta does not have an uploaded file (any longer)."""
    return _in_words(_FORGOTTEN, code, title, detail)


def _in_words(known: Known, code: Any, title: str, detail: str) -> MetaError:
    words = detail or (title if title != known.title else "")
    return MetaError(
        code=code if isinstance(code, int) else "unknown",
        policy=known.policy,
        title=clean(known.title),
        detail=clean(". ".join(part.rstrip(".") for part in (clean(words), known.hint) if part)),
        retryable=known.retryable,
    )
