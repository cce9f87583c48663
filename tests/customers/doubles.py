"""Stand-ins for what customers reaches through ports."""

from django.db import connection

from customers.keepers import Collected, Keeper
from customers.models import Customer
from whatsapp.channel import WhatsApp


class Proved(WhatsApp):
    """A channel on which everybody is proved to be who they say they are."""

    @staticmethod
    def senders_proved(customer: Customer) -> bool:
        return True


class Unproved(WhatsApp):
    """A channel on which nobody is proved to be who they say they are."""

    @staticmethod
    def senders_proved(customer: Customer) -> bool:
        return False


class Watching(Keeper):
    """Notes whether it is called in a transaction."""

    def __init__(self, relation: str, *, file: str) -> None:
        super().__init__(relation, file=file)
        self.in_transaction: list[bool] = []

    def collect(self, customer: Customer, *, for_themselves: bool = False) -> list[Collected]:
        self.in_transaction.append(connection.in_atomic_block)
        return super().collect(customer, for_themselves=for_themselves)


WATCHING_KEEPERS = (Watching("messages", file="chat"),)

# Of an app that does not say what people may have themselves.
SILENT_KEEPERS = (Keeper("contacts", file="contacts"),)
