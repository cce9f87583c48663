"""Stand-ins for what customers reach through ports."""

from customers.errors import CodeNotSent


def unreachable(*, phone: str, code: str) -> None:
    """PHONE_CODE_SENDER when nobody can be reached."""
    raise CodeNotSent
