"""The members of groups: those added by hand, and those who match the rules now."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, Q
from rest_framework.exceptions import ValidationError

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
    if not group.assignment_rules:
        return _NOBODY
    condition, errors = CustomerTraitFilter.condition(group.assignment_rules)
    return _NOBODY if errors else condition


def _belonging_to(group: CustomerGroup) -> Q:
    added = GroupMember.objects.filter(group=group).values("customer")
    return Q(pk__in=added) | matched_by(group)


def members_of(group: CustomerGroup, customers: CustomerQuerySet) -> CustomerQuerySet:
    """The members among `customers`."""
    return customers.filter(_belonging_to(group))


def count_members(groups: Collection[CustomerGroup], customers: CustomerQuerySet) -> dict[int, int]:
    """How many of `customers` belong to each group, by the groups' ids. One query for all groups."""
    if not groups:
        return {}
    counts = {f"g{group.pk}": Count("pk", filter=_belonging_to(group)) for group in groups}
    found = customers.order_by().aggregate(**counts)
    return {group.pk: found[f"g{group.pk}"] for group in groups}


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
