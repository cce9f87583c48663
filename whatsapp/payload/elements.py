"""The elements of a webhook body, as the parser returns them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from messaging.channels import Inbound
    from messaging.past import PastMessage, PastReaction


@dataclass(frozen=True)
class Person:
    """Somebody on WhatsApp, by any of their ids.

    These are the phone number in digits (`wa_id`), the business-scoped id (`user_id`) and the one that linked
    businesses share (`parent_user_id`).
    """

    wa_id: str | None
    user_id: str | None
    name: str = ""
    username: str = ""
    parent_user_id: str | None = None

    @property
    def address(self) -> str:
        """The id that is stored as the address of a message."""
        return self.wa_id or self.user_id or self.parent_user_id or ""

    @property
    def ids(self) -> dict[str, str]:
        """The ids that are known, by their names, the most telling one first."""
        found = {"wa_id": self.wa_id, "user_id": self.user_id, "parent_user_id": self.parent_user_id}
        return {name: value for name, value in found.items() if value is not None}

    def by_each_id(self) -> "list[Person]":
        """The same person once for each of their ids."""
        return [replace(Person(None, None), **{name: value}) for name, value in self.ids.items()]


@dataclass(frozen=True)
class NumberElement:
    """Something that happened on one of our numbers, which Meta calls `phone_number_id`."""

    phone_number_id: str
    display_number: str


@dataclass(frozen=True)
class IncomingMessage(NumberElement):
    """A message from a customer.

    `referral` is the advertisement they tapped before writing, `shared_phone` their own number (in digits), which they
    shared because we asked for it, `handled_by` who has the chat in place of the desk.
    """

    sender: Person
    inbound: "Inbound"
    referral: dict[str, Any] | None = None
    shared_phone: str | None = None
    handled_by: str | None = None


@dataclass(frozen=True)
class Ringing(NumberElement):
    """A customer calls; the call is not over."""

    caller: Person
    call_id: str
    at: datetime


@dataclass(frozen=True)
class Call(NumberElement):
    """A call of a customer that is over. Its `wamid` is Meta's id of the call."""

    caller: Person
    inbound: "Inbound"
    answered: bool


@dataclass(frozen=True)
class InGroup(NumberElement):
    """A message in a group, or a status of one. It belongs to no chat with a customer."""

    person: Person | None


@dataclass(frozen=True)
class Echo(NumberElement):
    """A message to a customer that was sent from the phone app that shares our number."""

    recipient: Person
    inbound: "Inbound"
    handled_by: str | None = None


@dataclass(frozen=True)
class PastMessages(NumberElement):
    """What was written in a chat before Patter. `person` is None if only the message tells whose it is."""

    person: Person | None
    messages: "tuple[PastMessage, ...]"
    reactions: "tuple[PastReaction, ...]" = ()


@dataclass(frozen=True)
class Reaction(NumberElement):
    """An emoji on the message `target`; an empty one removes it. `by` is None if we did it in the phone app."""

    target: str
    by: Person | None
    emoji: str
    at: datetime


@dataclass(frozen=True)
class Edit(NumberElement):
    """A new text for the message `target`; `wamid` is that of the edit. `by` is None if we did it in the phone app."""

    target: str
    by: Person | None
    wamid: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Revoke(NumberElement):
    """The message `target` was deleted by its author. `by` is None if we did it in the phone app."""

    target: str
    by: Person | None
    at: datetime


@dataclass(frozen=True)
class Notice(NumberElement):
    """A notice from WhatsApp about a customer, perhaps that they can now be reached at `new`.

    `old` holds one person for each id they had until then, the most telling one first.
    """

    old: tuple[Person, ...]
    new: Person | None
    inbound: "Inbound"


@dataclass(frozen=True)
class AddressChange(NumberElement):
    """A customer can now be reached at `new`; `old` is as in a Notice. Nothing is shown in the chat."""

    old: tuple[Person, ...]
    new: Person


@dataclass(frozen=True)
class ContactSync(NumberElement):
    """Somebody's name in the contacts of the phone app that shares our number."""

    contact: Person


@dataclass(frozen=True)
class Preference(NumberElement):
    """A customer stopped marketing messages from this number, or allowed them again."""

    sender: Person
    accepts: bool
    at: datetime


@dataclass(frozen=True)
class StatusReport(NumberElement):
    """What became of a message we sent. `message_key` is the id sent along with it, which finds it without a wamid."""

    recipient: Person | None
    wamid: str
    status: str
    at: datetime
    message_key: str
    error: dict[str, Any] | None
    pricing: dict[str, Any] | None


@dataclass(frozen=True)
class TemplateChange:
    """A change of a template: new values of its fields, and new contents of its components by their type.

    Meta names it by `provider_id`, by name and language, or by both; what it leaves out is empty.
    """

    waba_id: str
    provider_id: str
    name: str
    language: str
    changes: dict[str, str]
    texts: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Restricted:
    """Something that Meta does not allow, until a time or until it says otherwise."""

    code: str
    text: str
    until: datetime | None


@dataclass(frozen=True)
class AccountChange:
    """Something that Meta says about our account, or about a number of it: by its phone in digits, or by its id.

    `at` is when that was, if Meta says it. `facts` are new values (quality, limit, status, name, throughput). `holds`
    are reasons to send nothing, by their source, with their end in `ends`; `lifts` are sources that hold nothing any
    more, and `reinstated` ends every restriction that has no end of its own.
    """

    account: str
    phone: str
    phone_number_id: str
    at: datetime | None
    code: str
    text: str
    facts: dict[str, str] = field(default_factory=dict)
    restrictions: tuple[Restricted, ...] = ()
    holds: dict[str, str] = field(default_factory=dict)
    ends: dict[str, datetime] = field(default_factory=dict)
    lifts: tuple[str, ...] = ()
    reinstated: bool = False


@dataclass(frozen=True)
class AccountErrors:
    """What is wrong with our account or number, as Meta says beside the messages of a change; a text for each error."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Ignored:
    """An element with which there is nothing to do; `what` says why."""

    what: str


@dataclass(frozen=True)
class Broken:
    """An element that cannot be understood, with its place in the body. Trying again would not help."""

    where: str
    reason: str


Element = NumberElement | TemplateChange | AccountChange | AccountErrors | Ignored | Broken

# The fields in which elements name the person they are about.
_PEOPLE = ("sender", "caller", "by", "recipient", "old", "contact", "person")


def people_in(element: NumberElement) -> Sequence[Person]:
    """The person an element is about, once for each way in which it names them; none if it names nobody."""
    for name in _PEOPLE:
        people = getattr(element, name, None)
        if people:
            return [people] if isinstance(people, Person) else list(people)
    return []
