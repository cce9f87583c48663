"""How much each salesperson has to do, and who takes the next customer."""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Count, OuterRef, Subquery

from accounts.models import Availability, User
from customers.models import Assignment
from messaging.models import ChatState, Conversation


def open_chats(seller_ids: Iterable[int]) -> dict[int, int]:
    """How many open chats each of these salespeople has."""
    ids = list(seller_ids)
    chats = Conversation.objects.filter(state=ChatState.OPEN, owner__in=ids, merged_into=None)
    counts = dict(chats.order_by().values_list("owner").annotate(Count("pk")))
    return {pk: counts.get(pk, 0) for pk in ids}


class Turns:
    """Who gets customers now, one after the other, by ASSIGNMENT_STRATEGY.

    Those who can are active salespeople, not away, with fewer open chats than MAX_OPEN_CHATS (0: however many). With
    `round_robin`, first comes who has waited longest for a new customer; with `least_busy` who has the fewest open
    chats, and of several who has waited longest; with `manual` nobody.
    """

    def __init__(self, *, lock: bool = True) -> None:
        """With `lock` all salespeople are locked, in order of id: two customers at once must not go to the same one."""
        rows = User.objects.sellers().order_by("pk")
        self.strategy: str = settings.ASSIGNMENT_STRATEGY
        self.everybody: list[User] = list(rows.select_for_update(no_key=True) if lock else rows)
        there = [user.pk for user in self.everybody if user.availability == Availability.ONLINE]
        # Queried after waiting for the locks. Takes one step into an index per salesperson, however long their history.
        newest = Assignment.objects.filter(salesperson=OuterRef("pk")).order_by("-pk").values("pk")[:1]
        came = User.objects.filter(pk__in=there).annotate(newest=Subquery(newest)).values_list("pk", "newest")
        self._last: dict[int, int] = {pk: last or 0 for pk, last in came}
        counted = settings.MAX_OPEN_CHATS or self.strategy == "least_busy" or not lock
        self.load = open_chats(user.pk for user in self.everybody) if counted else {}

    def can_take(self, user: User) -> bool:
        """Whether somebody is there and has room for another chat."""
        room = not settings.MAX_OPEN_CHATS or self.load[user.pk] < settings.MAX_OPEN_CHATS
        return user.pk in self._last and room

    def next(self, *, besides: int | None = None) -> User | None:
        """Who gets the next customer; None if nobody does. Whoever is returned counts as having one more."""
        free = [user for user in self.everybody if user.pk != besides and self.can_take(user)]
        if not free or self.strategy == "manual":
            return None
        chosen = min(free, key=self._place)
        self._last[chosen.pk] = max(self._last.values()) + 1
        if chosen.pk in self.load:
            self.load[chosen.pk] += 1
        return chosen

    def _place(self, user: User) -> tuple[int, int, int]:
        busy = self.load[user.pk] if self.strategy == "least_busy" else 0
        return busy, self._last[user.pk], user.pk
