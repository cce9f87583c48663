"""Rows of the desk: two statements for any number of them, compiled once, and no model instances.

Rows like these reach 0.90 of the speed of a bare view, a ModelSerializer 0.64.
"""

import math
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, TypedDict

from django.db.models import F, QuerySet
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.functional import cached_property

from core.db.compiled import Compiled
from core.files.links import Links
from core.pagination import Pages
from core.shapes import Link, Ref, Time
from core.timestamps import iso
from customers.models import Customer
from customers.serializers.customers import CUSTOMER_COLUMNS, CustomerRow, customer_row, known_columns
from customers.serializers.marketing import Marketing
from customers.visibility import DeskQuery
from messaging.channels import window_expires_at
from messaging.desk.chats import in_turn
from messaging.models import ChatState, Conversation, Direction, Status
from messaging.reach import CanSend, reach_columns, reach_of
from tags.models import Tag
from tags.serializers import TagRow, tag_data

NEWEST_CONVERSATION_FIRST = ("-desk_at", "-id")
PREVIEW_LENGTH = 200

# Columns of the customer that are in no event.
_MORE_COLUMNS = ("avatar", "last_seq", "phone_trusted")
_CHAT_COLUMNS = {
    "unread_count": F("conversation__unread_count"),
    "last_inbound_at": F("conversation__last_inbound_at"),
    "state": F("conversation__state"),
    "snoozed_until": F("conversation__snoozed_until"),
    "waiting_since": F("conversation__waiting_since"),
    "transport": F("conversation__business_number__transport"),
    "number_id": F("conversation__business_number_id"),
    "number_external_id": F("conversation__business_number__external_id"),
    "number_display": F("conversation__business_number__display"),
    "paused_until": F("conversation__business_number__paused_until"),
    "pause_kind": F("conversation__business_number__pause_kind"),
    "message_id": F("conversation__last_message_id"),
    "message_direction": F("conversation__last_message__direction"),
    "message_type": F("conversation__last_message__type"),
    # Cut in the database: a list does not need all of a message with 4,096 characters.
    "message_text": Left("conversation__last_message__text", PREVIEW_LENGTH),
    "message_status": F("conversation__last_message__status"),
    "message_at": F("conversation__last_message__created_at"),
    "message_deleted_at": F("conversation__last_message__deleted_at"),
}


class LastMessage(TypedDict):
    """The newest message of a chat."""

    id: int
    direction: Annotated[str, Direction]
    type: str
    text: Annotated[str, "the first 200 characters"]
    status: Annotated[str, Status]
    created_at: Time


class DeskCustomer(CustomerRow):
    """A customer with their chat: a row of the desk."""

    tags: list[TagRow]
    unread_count: int
    state: Annotated[str | None, ChatState, "null before the first message"]
    snoozed_until: Time | None
    waiting_since: Time | None
    last_message: LastMessage | None
    last_message_at: Time | None
    window_expires_at: Annotated[Time | None, "until then you can write freely; after that only templates can be sent"]
    avatar: Annotated[Link | None, "opens the picture for you, for at most five minutes"]
    business_number: Annotated[Ref | None, "our number that the chat is on; null before the first message"]
    can_send: CanSend
    marketing: Annotated[Marketing, "whether they want marketing messages"]
    last_seq: Annotated[int, "the `seq` of the customer's newest event"]


class DeskPages(Pages):
    """Pages of desk rows: their ids first, without the joins that a row needs, then the rows by their ids.

    They are counted by their `chats`, if everybody has one and nothing else was asked for. `has_unread` says whether
    all of them have unread messages, or none has; None: either. Without `guessed` an estimate is no reason to stop.
    """

    # The ids of so many are read at once. Fewer need no other statement to be counted.
    AT_ONCE = 100
    # The ids of so many are an argument of a statement.
    FEW = 1_000

    def __init__(
        self,
        rows: Any,
        chats: "QuerySet[Conversation] | None" = None,
        *,
        has_unread: bool | None = None,
        guessed: bool = True,
    ) -> None:
        super().__init__(rows)
        self.parts = in_turn(rows, has_unread=has_unread)
        self._counted = Pages(rows if chats is None else chats)
        if not guessed:
            self._counted.FAR = math.inf

    def count(self, *, at_most: int | None = None) -> int:
        return len(self._first) if len(self._first) <= self.AT_ONCE else self._counted.count(at_most=at_most)

    def estimate(self) -> int:
        return self._counted.estimate()

    def __getitem__(self, part: slice) -> list[DeskCustomer]:
        known = part.stop <= len(self._first) or len(self._first) <= self.AT_ONCE
        return desk_rows(self._first[part] if known else self._ids(part))

    @cached_property
    def _first(self) -> list[int]:
        return self._ids(slice(0, self.AT_ONCE + 1))

    def _ids(self, part: slice) -> list[int]:
        ids: list[int] = []
        before = 0
        for rows in self.parts:
            here = slice(max(part.start - before, 0), part.stop - before)
            found = list(rows.values_list("pk", flat=True)[here])
            ids += found
            if here.start + len(found) >= here.stop or rows is self.parts[-1]:
                break
            before += here.start + len(found) if found or not here.start else rows.count()
        return ids


class WholeDesk(DeskPages):
    """The pages of everybody on a user's desk, newest message first: what screens ask for most.

    A desk that had more customers than were to be counted is not counted again for RECOUNT_SECONDS, while PostgreSQL
    says that there are FAR times as many. It is asked again after ESTIMATE_SECONDS. Its estimates are good within some
    percent here: without filters.
    """

    RECOUNT_SECONDS, ESTIMATE_SECONDS = 60, 10
    FAR = 1.5

    # By the id of the user: when their desk was counted, and had more; when it was estimated, and to what.
    _had_more: ClassVar[dict[int, float]] = {}
    _estimates: ClassVar[dict[int, tuple[float, int]]] = {}

    def __init__(self, user: Any) -> None:
        super().__init__(Customer.objects.at_desk_of(user).order_by(*NEWEST_CONVERSATION_FIRST))
        self.user = user

    def count(self, *, at_most: int | None = None) -> int:
        if at_most is None:
            return Pages.count(self)
        counted_at = self._had_more.pop(self.user.pk, -self.RECOUNT_SECONDS)
        if time.monotonic() < counted_at + self.RECOUNT_SECONDS and self.estimate() > at_most * self.FAR:
            self._had_more[self.user.pk] = counted_at
            return at_most
        found = _IDS.count(self.user, limit=at_most, offset=0)
        if found == at_most:
            self._had_more[self.user.pk] = time.monotonic()
        return found

    def estimate(self) -> int:
        at, known = self._estimates.get(self.user.pk, (-math.inf, 0))
        if time.monotonic() >= at + self.ESTIMATE_SECONDS:
            at, known = time.monotonic(), _IDS.estimate(self.user, limit=None, offset=0)
            self._estimates[self.user.pk] = at, known
        return known

    def __getitem__(self, part: slice) -> list[DeskCustomer]:
        if part.start < self.DEEP:
            return _shaped(_PAGE(self.user, limit=part.stop - part.start, offset=part.start))
        return desk_rows(self._ids(part))


def desk_rows(customer_ids: Iterable[int]) -> list[DeskCustomer]:
    """The desk rows with these ids, in their order, as JSON values: the same for every viewer, until `shown_to`.

    Rows that are not there (any longer) are left out.
    """
    ids = list(customer_ids)
    found = {row["id"]: row for row in _THESE(customers=ids)} if ids else {}
    return _shaped([found[pk] for pk in ids if pk in found])


def desk_row(customer_id: int, *, links: Links, user: Any = None) -> DeskCustomer | None:
    """The desk row of one customer, or None if there is none (any longer), or none on the desk of `user`, if given.

    It is as the user of `links` sees it.
    """
    row = _ONE.first(pk=customer_id) if user is None else _ONE_OF.first(user, pk=customer_id)
    return None if row is None else shown_to(_shaped([row])[0], links)


def new_desk_row(customer: Customer, tags: list[Tag]) -> DeskCustomer:
    """The row of a customer who was just created and has no chat and no picture yet. It asks the database nothing."""
    nothing = dict.fromkeys([*_CHAT_COLUMNS, *reach_columns()])
    more = {name: getattr(customer, name) for name in _MORE_COLUMNS} | {"avatar": ""}
    return _shape({**known_columns(customer), **more, **nothing}, tags, timezone.now())


def shown_to(row: DeskCustomer, links: Links) -> DeskCustomer:
    """A row as the user of `links` sees it, with a URL for the picture. Without one, `row` itself."""
    return row if row["avatar"] is None else {**row, "avatar": links.to(row["avatar"])}


def _choose(customers: "QuerySet[Customer]") -> Any:
    return customers.values(*CUSTOMER_COLUMNS, *_MORE_COLUMNS, **_CHAT_COLUMNS, **reach_columns())


_PAGE = DeskQuery(
    lambda user: _choose(Customer.objects.at_desk_of(user)).order_by(*NEWEST_CONVERSATION_FIRST), window=True
)
_IDS = DeskQuery(lambda user: Customer.objects.at_desk_of(user).order_by().values("pk"), window=True)
_ONE_OF = DeskQuery(lambda user, pk: _choose(Customer.objects.at_desk_of(user)).filter(pk=pk))
_THESE = Compiled(lambda customers: _choose(Customer.objects.filter(pk__any=customers)))
_ONE = Compiled(lambda pk: _choose(Customer.objects.filter(pk=pk)))


def _shaped(rows: list[Any]) -> list[DeskCustomer]:
    tags = Tag.objects.by_customer({row["id"]: row["source"] for row in rows})
    now = timezone.now()
    return [_shape(row, tags[row["id"]], now) for row in rows]


def _shape(row: Mapping[str, Any], tags: list[Tag], now: datetime) -> DeskCustomer:
    at = iso(row["message_at"])
    can_send, marketing = reach_of(row, now)
    return {
        **customer_row(row),
        "tags": [tag_data(tag) for tag in tags],
        "unread_count": row["unread_count"] or 0,
        "state": row["state"],
        "snoozed_until": iso(row["snoozed_until"]),
        "waiting_since": iso(row["waiting_since"]),
        "last_message": {
            "id": row["message_id"],
            "direction": row["message_direction"],
            "type": row["message_type"],
            "text": row["message_text"] if row["message_deleted_at"] is None else "",
            "status": row["message_status"],
            "created_at": at,
        }
        if row["message_id"]
        else None,
        "last_message_at": at,
        "window_expires_at": iso(window_expires_at(row["transport"], row["last_inbound_at"])),
        # Its stored name, until `shown_to`.
        "avatar": row["avatar"] or None,
        "business_number": {"id": row["number_id"], "name": row["number_display"] or row["number_external_id"]}
        if row["number_id"]
        else None,
        "can_send": can_send,
        "marketing": marketing,
        "last_seq": row["last_seq"],
    }
