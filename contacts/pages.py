"""The pages of the list of contacts."""

from collections.abc import Sequence
from typing import Any

from django.utils.functional import cached_property

from contacts.search import found_ids, reading
from contacts.serializers import CONTACT_COLUMNS
from core.pagination import COUNTED_EXACTLY
from customers.models import Customer
from customers.pages import VisiblePages


class ContactPages(VisiblePages):
    """Pages of those of `contacts` that `user` may see, newest first: if there are `terms`, in which all occur."""

    def __init__(self, contacts: Any, user: Any, *, filtered: bool, terms: Sequence[str] = ()) -> None:
        found = contacts.filter(reading(terms)).newest_first()
        super().__init__(found.values(*CONTACT_COLUMNS), user, filtered=filtered, keys=found)
        self.contacts, self.terms = contacts.visible_to(user), terms

    def count(self, *, at_most: int | None = None) -> int:
        if self.terms and self._few is None and at_most is not None and at_most <= COUNTED_EXACTLY + 1:
            return at_most  # the search has counted that far
        return super().count(at_most=at_most)

    def __getitem__(self, part: slice) -> list[Any]:
        if self._few is None:
            return super().__getitem__(part)
        ids = sorted(self._few, reverse=True)[part]
        return list(self.contacts.filter(pk__any=ids).newest_first().values(*CONTACT_COLUMNS))

    @cached_property
    def _few(self) -> list[Any] | None:
        if not self.terms:
            return super()._few
        return found_ids(self.contacts, self.terms, customers=Customer.objects.visible_to(self.user))
