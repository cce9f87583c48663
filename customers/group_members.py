"""The members of groups: those added by hand, and those who match the rules now."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, Value
from rest_framework.exceptions import ValidationError

from core.pagination import Pages
from customers.filters import CustomerTraitFilter
from customers.models import Customer, CustomerGroup, CustomerQuerySet, GroupMember
from customers.tiers import Benefits, BenefitsRow, benefits_of_tier

_NOBODY = Q(pk=0)


def check_rules(rules: Any) -> dict[str, str]:
    """Return the rules as they are stored. Raises ValidationError, which names the filters there are."""
    if not isinstance(rules, dict):
        raise ValidationError('Give the rules as an object of filters and values, like {"loyalty_tier": "gold"}.')
    known = sorted(CustomerTraitFilter.base_filters)
    if unknown := sorted(set(rules) - set(known)):
        raise ValidationError(f"The customer list has no filter {', '.join(unknown)}. Choose from: {', '.join(known)}.")
    kept = {name: _text(name, value) for name, value in rules.items()}
    _, errors = CustomerTraitFilter.condition(kept)
    if errors:
        raise ValidationError([f"{name}: {' '.join(texts)}" for name, texts in errors.items()])
    return kept


def _text(name: str, value: Any) -> str:
    """A rule's value, spelled like a query parameter. An empty one is refused: it would match everybody."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float) and str(value).strip():
        return str(value).strip()
    raise ValidationError(f"{name}: Give one value: a text, a number, true or false.")


def matched_by(group: CustomerGroup) -> Q:
    """The customers that match the rules of a group; nobody without rules."""
    return _condition(json.dumps(group.assignment_rules, sort_keys=True)) if group.assignment_rules else _NOBODY


@lru_cache(maxsize=1_000)
def _condition(rules: str) -> Q:
    """Kept, because reading rules takes as long as asking for those who match."""
    condition, errors = CustomerTraitFilter.condition(json.loads(rules))
    return _NOBODY if errors else condition


class Members(NamedTuple):
    """The members of a group. Nobody is in both parts: each is found by an index, where either-or reads everybody."""

    by_hand: CustomerQuerySet
    by_rules_alone: CustomerQuerySet


def members_of(group: CustomerGroup, customers: CustomerQuerySet) -> Members:
    """The members among `customers`."""
    return Members(customers.filter(group_memberships__group=group), _by_rules_alone(group, customers))


class MemberPages(Pages):
    """The pages of the members of a group whom `user` may see, newest first, with their owners."""

    DEEP = 0
    quickly_counted = True

    def __init__(self, group: CustomerGroup, user: Any) -> None:
        customers = Customer.objects.visible_to(user)
        super().__init__(customers.select_related("owner"))
        self.group, self.user, self.parts = group, user, members_of(group, customers)

    def count(self, *, at_most: int | None = None) -> int:
        return count_members([self.group], self.user)[self.group.pk]

    def ids(self, part: slice) -> list[Any]:
        newest_first = self.total is None or part.start <= self.total - part.stop
        start, stop = (part.start, part.stop) if newest_first else (self.total - part.stop, self.total - part.start)
        parts = [rows.order_by("-pk" if newest_first else "pk").values_list("pk", flat=True) for rows in self.parts]
        ids = list(islice(merge(*(ids[:stop] for ids in parts), reverse=newest_first), start, stop))
        return ids if newest_first else ids[::-1]


def count_members(groups: Collection[CustomerGroup], user: Any) -> Counter[int]:
    """How many members of each group `user` may see, by the groups' ids. One statement for all groups."""
    customers = Customer.objects.visible_to(user).order_by()
    by_rules = [
        _by_rules_alone(group, customers).values_list(Value(group.pk)).annotate(n=Count("*"))
        for group in groups
        if group.assignment_rules
    ]
    by_hand = GroupMember.objects.visible_to(user).filter(group__in=groups).order_by()
    counts: Counter[int] = Counter()
    for pk, count in by_hand.values_list("group").annotate(n=Count("*")).union(*by_rules, all=True):
        counts[pk] += count
    return counts


def _by_rules_alone(group: CustomerGroup, customers: CustomerQuerySet) -> CustomerQuerySet:
    added = GroupMember.objects.filter(group=group, customer=OuterRef("pk"))
    return customers.filter(matched_by(group)).exclude(Exists(added))


def groups_of(customers: Collection[Customer]) -> dict[int, list[CustomerGroup]]:
    """The groups each customer belongs to, by name, keyed by customer id. At most three queries."""
    found: dict[int, list[CustomerGroup]] = {customer.pk: [] for customer in customers}
    groups = {group.pk: group for group in CustomerGroup.objects.order_by("folded", "pk")} if found else {}
    members = _members_among(groups, found)
    for group_id, group in groups.items():
        for pk in members[group_id]:
            found[pk].append(group)
    return found


def benefits_of(customer: Customer, groups: Iterable[CustomerGroup]) -> BenefitsRow:
    """The best of what a customer's tier and their groups give."""
    given = (Benefits(one.discount_percentage, one.priority_support, one.free_shipping) for one in groups)
    return sum(given, start=benefits_of_tier(customer.loyalty_tier)).as_json()


def _members_among(groups: Mapping[int, CustomerGroup], ids: Collection[int]) -> dict[int, set[int]]:
    members: dict[int, set[int]] = defaultdict(set)
    if not groups:
        return members
    added = GroupMember.objects.filter(group__in=groups, customer__in=ids)
    for group_id, customer_id in added.values_list("group_id", "customer_id"):
        members[group_id].add(customer_id)
    rules = {
        f"g{pk}": ExpressionWrapper(matched_by(group), output_field=BooleanField())
        for pk, group in groups.items()
        if group.assignment_rules
    }
    if rules:
        rows: Any = Customer.objects.filter(pk__in=ids).values("pk", **rules)
        for row in rows:
            for name in rules:
                if row[name]:
                    members[int(name[1:])].add(row["pk"])
    return members
