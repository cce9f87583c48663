"""Stand-ins for what customers reach through ports."""

from customers.errors import CodeNotSent
from whatsapp.channel import WhatsApp


class Unreachable(WhatsApp):
    """A channel on which nobody can be reached."""

    @staticmethod
    def send_phone_code(*, phone: str, code: str) -> None:
        raise CodeNotSent
