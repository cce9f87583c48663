"""The contacts of a customer: how they are exported, merged and erased (setting PERSONAL_DATA)."""

from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from customers.keepers import Given, Keeper, Merged, Moved
from customers.models import Customer, Merge


class Contacts(Keeper):
    """Contacts. A customer has one per email and number, and one primary contact."""

    merged = Merged.MOVED_UNLESS_KNOWN

    def their_data(self, customer: Customer) -> Any:
        """The contacts that they added themselves."""
        own = self.rows(customer).filter(added_by_customer=True)
        return list(own.order_by("pk").values(*self.theirs))

    def movable(self, *, into: Customer, gone: Customer) -> "QuerySet[Any]":
        """Contacts whose email and numbers `into` does not have."""
        known = self.rows(into)
        clashes = (
            Q(low_email__in=known.values_list(Lower("email"), flat=True))
            | Q(wa_number__in=known.values("wa_number"))
            | Q(tp_number__in=known.values("tp_number"))
        )
        movable: QuerySet[Any] = self.rows(gone).alias(low_email=Lower("email")).exclude(clashes)
        return movable

    def merge(self, *, into: Customer, gone: Customer) -> Moved:
        """The primary contact of `into` stays primary."""
        primary = {"into": self._primary(into), "gone": self._primary(gone)}
        movable = self.movable(into=into, gone=gone)
        if primary["into"] is not None:
            # Before it moves: a customer has one. One that does not move stays what it is.
            self.rows(gone).filter(pk__in=movable.values("pk")).update(is_primary=False)
        return {"ids": self.hand_over(movable, into, gone), "primary": primary}

    def undo(self, *, into: Customer, gone: Customer, merge: Merge) -> None:
        """Each has the primary contact they had before, if it still is theirs.

        A contact that was changed since, and now clashes with one that `gone` kept, stays with `into`.
        """
        moved = merge.moved_of(self.relation)
        movable = self.movable(into=gone, gone=into).filter(pk__in=moved["ids"])
        back = list(movable.values_list("pk", flat=True))
        self.hand_back(back, into, gone, is_primary=False)
        for customer, pk in ((into, moved["primary"]["into"]), (gone, moved["primary"]["gone"])):
            if self._primary(customer) is None:
                self.rows(customer).filter(pk=pk).update(is_primary=True)

    def _primary(self, customer: Customer) -> int | None:
        primary: int | None = self.rows(customer).filter(is_primary=True).values_list("pk", flat=True).first()
        return primary


_THEIRS = ("email", "wa_number", "tp_number", "is_primary", "is_active", "created_at", "updated_at")

KEEPERS = (Contacts("contacts", file="contacts", given=Given.ALWAYS, theirs=_THEIRS),)
