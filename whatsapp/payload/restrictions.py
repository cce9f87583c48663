"""What Meta forbids an account or a number, in words, and whether it may still send."""

# Sources of holds (messaging/actions/number_holds.py): the account is disabled; we are no longer connected to it; the
# number itself says that it cannot send.
DISABLED, DISCONNECTED, STATUS = "whatsapp:disabled", "whatsapp:disconnected", "whatsapp:status"
_RESTRICTED = "whatsapp:"

# Those with which a number may not send.
_STOP = frozenset({"RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"})
_WORDS = {
    "RESTRICTED_ADD_PHONE_NUMBER_ACTION": "no numbers can be added",
    "RESTRICTED_BIZ_INITIATED_MESSAGING": "it may not write to customers",
    "RESTRICTED_CUSTOMER_INITIATED_MESSAGING": "it may not answer customers",
    "RESTRICTED_BIZ_INITIATED_CALLING": "it may not call customers",
    "RESTRICTED_CUSTOMER_INITIATED_CALLING": "customers cannot call it",
    "RESTRICTED_UTILITY_TEMPLATES": "it may not send utility templates",
}


def stops_sending(code: str) -> bool:
    """Whether nothing can be sent while this restriction holds."""
    return code in _STOP


def source_of(code: str) -> str:
    """The source of the hold that a restriction is."""
    return f"{_RESTRICTED}{code}"


def sources() -> tuple[str, ...]:
    """Every source of holds that is Meta's."""
    return (DISABLED, DISCONNECTED, STATUS, *(source_of(code) for code in sorted(_STOP)))


def reason_of(code: str) -> str:
    """What a restriction means, in a sentence."""
    words = _WORDS.get(code, code.removeprefix("RESTRICTED_").replace("_", " ").lower())
    return f"WhatsApp has restricted the business account: {words}."
