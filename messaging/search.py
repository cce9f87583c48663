"""Searching messages: all of them, newest first, however common or rare the words are.

An index of words knows no order, so the newest of a million matches would be found by reading the million. Common words
are therefore looked for among the newest messages; others, or what is found there too seldom, by the index.
"""

from typing import Any

from django.db import connection
from django.db.models import F, Func, QuerySet
from django.utils.functional import cached_property

from core.db.words import has_more_than
from core.keysets import KeysetRows, keyset
from core.pagination import estimate
from core.words import Wanted
from messaging.models import Message

# How many of the newest messages are read: for any words, and for common ones, which more than COMMON messages have.
NEAR, FAR = 2_000, 30_000
COMMON = 10_000
# So many that the index finds are looked up one by one, whosever they are.
FEW = 1_000


class _ByReading(Func):
    """A value that is known to no index: PostgreSQL and SQLite would rather walk along one than sort."""

    template = "COALESCE(%(expressions)s, %(expressions)s)"


class FoundMessages(KeysetRows):
    """Those of `messages` that have the wanted words.

    `among` are the messages whose newest are read: all that `messages` are chosen from by who may see them.
    """

    def __init__(self, messages: QuerySet[Any], wanted: Wanted, *, among: QuerySet[Any]) -> None:
        self.messages: Any = messages
        self.wanted, self.among = wanted, among

    def rows(self, at: Any, pk: int, *, newer: bool, limit: int) -> list[Any]:
        ids = self.ids(limit, at, pk, newer=newer)
        found = {row["id"]: row for row in self.messages.filter(pk__in=ids)}
        return [found[one] for one in ids if one in found]

    def one(self, pk: int) -> Any | None:
        return self.messages.with_words(self.wanted, by_reading=True).filter(pk=pk).first() if self.wanted else None

    def ids(self, limit: int, at: Any = None, pk: int = 0, *, newer: bool = False) -> list[int]:
        """The ids of the `limit` messages next to a place in time, or of the newest."""
        if not self.wanted:
            return []
        beside: Any = keyset(self.messages.order_by().values_list("pk", flat=True), "ordered_at", at, pk, newer=newer)
        near = beside.with_words(self.wanted, by_reading=True)
        times: Any = keyset(self.among.values_list("ordered_at", flat=True), "ordered_at", at, pk, newer=newer)
        for size in (NEAR, FAR):
            end = times[size : size + 1].first()
            if end is None:
                return list(near[:limit])
            ids = list(near.filter(**{f"ordered_at__{'lte' if newer else 'gte'}": end})[:limit])
            if len(ids) == limit:
                return ids
            if not self._is_common:
                break
        time = _ByReading(F("ordered_at"))
        by_index = self._by_index(beside).order_by(*((time.asc(), "id") if newer else (time.desc(), "-id")))
        return list(by_index[:limit])

    def _by_index(self, messages: Any) -> Any:
        """All that have the words. It asks the index for rare words alone, and reads what it finds for the others."""
        asked, rest = self.wanted, None
        if asked.begun and self._has_rare_word:
            # What begins like a common word are many entries of the index.
            asked, rest = asked.only(whole=True), asked.only(whole=False)
        elif self._is_common:
            # PostgreSQL knows which is less: what has the words, or what is asked for beside them. SQLite does not.
            return messages.with_words(asked, by_reading=connection.vendor == "sqlite")
        found = list(Message.objects.order_by().with_words(asked).values_list("pk", flat=True)[: FEW + 1])
        messages = messages.filter(pk__in=found) if len(found) <= FEW else messages.with_words(asked)
        return messages if rest is None else messages.with_words(rest, by_reading=True)

    @cached_property
    def _has_rare_word(self) -> bool:
        """Whether the whole words are rare enough, without what only begins with something."""
        return bool(self.wanted.whole) and not _is_common(self.wanted.only(whole=True))

    @cached_property
    def _is_common(self) -> bool:
        return not self._has_rare_word and _is_common(self.wanted)


def _is_common(wanted: Wanted) -> bool:
    if connection.vendor == "postgresql":
        return estimate(Message.objects.order_by().with_words(wanted).values("pk")) > COMMON
    return has_more_than(COMMON, Message._meta.db_table, wanted)
