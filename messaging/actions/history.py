"""Taking in what was written before Patter: many messages of a chat at once, from the phone app that shares a number.

It fills the chat and nothing else: nothing is unread, nobody waits for an answer, and screens are told once
(docs/decisions/029-history-of-the-phone-app.md).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from core.db.compiled import prepared_cursor
from core.live.publishing import wake_relays
from core.timestamps import iso
from customers.events import record
from customers.models import Customer
from messaging.actions.answering import look_who_waits
from messaging.actions.reactions import BUSINESS
from messaging.channels import Inbound
from messaging.models import Attachment, BusinessNumber, Conversation, Message
from messaging.past import PLACEHOLDER, PastMessage, PastReaction

HISTORY_ADDED = "history_added"

_FILL_CHAT = (
    f"INSERT INTO {Conversation._meta.db_table} AS c "
    "(customer_id, business_number_id, unread_count, last_message_id, last_inbound_at, last_address) "
    "VALUES (%s, %s, 0, %s, %s, %s) ON CONFLICT (customer_id) DO UPDATE SET "
    "last_message_id = COALESCE(%s, c.last_message_id), "
    + ", ".join(
        f"{column} = CASE WHEN excluded.last_inbound_at IS NULL OR c.last_inbound_at >= excluded.last_inbound_at "
        f"THEN c.{column} ELSE excluded.{column} END"
        for column in ("business_number_id", "last_address", "last_inbound_at")
    )
)


def fill_history(
    *,
    customer: Customer,
    number: BusinessNumber,
    messages: Sequence[PastMessage],
    reactions: Sequence[PastReaction] = (),
) -> int:
    """Store those messages of a locked customer that are not known yet, and return how many these are.

    One that is known stays as it is; a placeholder gets its file. Records `history_added` once, if any is new.
    """
    given = {one.inbound.wamid: one for one in reversed(messages)}  # of the same twice, the first
    known = {row["wamid"]: row for row in _known(number, given).values("pk", "wamid", "type", "attachment")}
    new = [one for wamid, one in given.items() if wamid not in known]
    now = timezone.now()
    Message.objects.bulk_create([_row(customer, number, one, now) for one in new], ignore_conflicts=True)
    late = [one for wamid, one in given.items() if wamid in known and _is_file_of(one, known[wamid])]
    for one in late:
        _fill_placeholder(known[one.inbound.wamid]["pk"], one.inbound)
    ids = dict(_known(number, [*given, *_answered(new)]).values_list("wamid", "pk"))
    _attach([(ids[one.inbound.wamid], one.inbound) for one in (*new, *late) if one.inbound.wamid in ids], now)
    _link_answers(new, ids)
    _react(number, reactions)
    if new:
        _show(customer, number, new, ids, now)
    return len(new)


def _known(number: BusinessNumber, wamids: Iterable[str]) -> Any:
    return Message.objects.filter(business_number=number, wamid__in=list(wamids))


def _row(customer: Customer, number: BusinessNumber, past: PastMessage, now: datetime) -> Message:
    said, at = past.inbound, min(past.inbound.at, now)
    return Message(
        customer=customer,
        business_number=number,
        direction=past.direction,
        type=said.type,
        text=said.text,
        payload=said.payload,
        wamid=said.wamid,
        status=past.status,
        error=past.error,
        from_history=True,
        created_at=at,
        ordered_at=at,
        sent_at=at if past.direction == "outbound" and past.status != "failed" else None,
        not_before=now,
    )


def _is_file_of(past: PastMessage, row: dict[str, Any]) -> bool:
    """Whether a message that is known brings the file that was left out of it before."""
    return past.inbound.media is not None and row["attachment"] is None


def _fill_placeholder(message_id: int, said: Inbound) -> None:
    """The chat shows it by the event that fetching the file records."""
    rows = Message.objects.filter(pk=message_id)
    rows.update(type=said.type, payload=said.payload)
    rows.filter(text__in=("", f"[{PLACEHOLDER}]")).update(text=said.text)


def _attach(sent: list[tuple[int, Inbound]], now: datetime) -> None:
    """Have files fetched. The provider keeps them from when it says where they are, however old the message is."""
    files = [
        Attachment(
            message_id=message_id,
            provider_id=said.media.provider_id,
            provider_until=now + said.media.kept_for,
            mime_type=said.media.mime_type,
            file_name=said.media.file_name,
            sha256=said.media.sha256,
            # Those of new messages come first.
            not_before=now + timedelta(seconds=place),
        )
        for place, (message_id, said) in enumerate(sent, start=1)
        if said.media is not None
    ]
    if files:
        Attachment.objects.bulk_create(files)
        wake_relays()


def _answered(messages: Iterable[PastMessage]) -> list[str]:
    return [one.inbound.reply_to_wamid for one in messages if one.inbound.reply_to_wamid]


def _link_answers(messages: Iterable[PastMessage], ids: dict[str, int]) -> None:
    answers = [
        Message(pk=ids[one.inbound.wamid], reply_to_id=ids[one.inbound.reply_to_wamid])
        for one in messages
        if one.inbound.wamid in ids and one.inbound.reply_to_wamid in ids
    ]
    Message.objects.bulk_update(answers, ["reply_to"])


def _react(number: BusinessNumber, reactions: Sequence[PastReaction]) -> None:
    """Show reactions on their messages; those on messages that are not known show nowhere."""
    if not reactions:
        return
    targets = {one.wamid: one for one in _known(number, {reaction.target for reaction in reactions})}
    for reaction in sorted(reactions, key=lambda one: one.at):
        message = targets.get(reaction.target)
        if message is not None:
            by, at = reaction.by or BUSINESS, iso(reaction.at)
            others = [one for one in message.reactions if one["from"] != by]
            if not any(one["from"] == by and one["at"] >= at for one in message.reactions):
                message.reactions = [*others, {"emoji": reaction.emoji, "from": by, "at": at}]
    Message.objects.bulk_update(targets.values(), ["reactions"])


def _show(
    customer: Customer, number: BusinessNumber, messages: list[PastMessage], ids: dict[str, int], now: datetime
) -> None:
    """Give the chat its last message and its service window, and tell screens once."""
    times = [min(one.inbound.at, now) for one in messages]
    newest = max(messages, key=lambda one: (min(one.inbound.at, now), ids.get(one.inbound.wamid, 0)))
    written = [one.inbound for one in messages if one.direction == "inbound"]
    last = max(written, key=lambda said: said.at, default=None)
    message_id = ids.get(newest.inbound.wamid)
    shown = message_id if max(times) >= customer.desk_at else None
    opened_at = connection.ops.adapt_datetimefield_value(min(last.at, now)) if last is not None else None
    place = [customer.pk, number.pk, message_id, opened_at, last.address if last is not None else None]
    with prepared_cursor() as cursor:
        cursor.execute(_FILL_CHAT, [*place, shown])
    customer.desk_at = max(customer.desk_at, *times)
    look_who_waits(customer.pk)  # it may hold the answer to what came in since
    record(customer, HISTORY_ADDED, {"count": len(messages), "from": iso(min(times)), "to": iso(max(times))})
