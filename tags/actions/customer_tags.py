"""Adding tags to customers and removing them.

Each function locks the customer first (several customers in order of id). If anything changes, it records one
`tags_changed` per customer: the tags as they are now, those added and those removed.

Deleting a tag locks no customers, but the tags and then the rows of the customers who have them, both in order of tag.
To avoid deadlocks, removing tags locks rows in the same order, and replacing tags locks the new tags before that.
Adding tags locks neither: otherwise everyone who adds the same tag would have to wait for each other.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Q
from rest_framework.exceptions import APIException

from accounts.models import User
from core.filters import possible_ids
from customers.actions.locking import lock, lock_all
from customers.events import record, record_all
from customers.models import Customer
from tags.errors import (
    ForeignCustomer,
    HasTag,
    LacksTag,
    NoSuchCustomer,
    NoSuchTag,
    SystemTagFollows,
    SystemTagStays,
    UnknownTags,
)
from tags.models import CustomerTag, Tag, by_name
from tags.serializers import tag_data

P = ParamSpec("P")
R = TypeVar("R")

TAGS_CHANGED = "tags_changed"


@dataclass(frozen=True)
class Change:
    """What a request changed: all tags the customer has now, those added and those removed, each by name."""

    customer_id: int
    tags: list[Tag]
    added: list[Tag]
    removed: list[Tag]


def _despite_deletions(act: Callable[P, R]) -> Callable[P, R]:
    """Try again if a tag was deleted while it was being added, which PostgreSQL notices at the commit.

    The second try finds the tag missing and refuses it by its id.
    """

    @wraps(act)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
        except IntegrityError:
            return act(*args, **kwargs)

    return tried


def customer_at_desk(*, customer_id: int, actor: User, locked: bool = False) -> Customer:
    """Return a customer on the actor's desk, locked if `locked`. Raises ForeignCustomer, NoSuchCustomer."""
    try:
        return lock(customer_id, actor=actor) if locked else Customer.objects.at_desk_of(actor).or_404(customer_id)
    except Customer.DoesNotExist:
        raise ForeignCustomer if Customer.objects.filter(pk=customer_id).exists() else NoSuchCustomer


@dataclass(frozen=True)
class _Look:
    """A locked customer, the tags they were given, the system tag of their source if any, and the requested tags."""

    customer: Customer
    given: list[Tag]
    own: Tag | None
    named: list[Tag]


@_despite_deletions
@transaction.atomic
def add_tags(*, customer_id: int, tag_ids: Collection[int], actor: User) -> Change:
    """Add tags to a customer. The tags they have already stay, and do not count as added.

    Raises ForeignCustomer, NoSuchCustomer, UnknownTags, SystemTagFollows.
    """
    look = _look(customer_id, tag_ids, actor)
    _refuse_foreign_systems(look)
    return _write(look, [*look.given, *look.named], actor)


@_despite_deletions
@transaction.atomic
def replace_tags(*, customer_id: int, tag_ids: Collection[int], actor: User) -> Change:
    """Give a customer exactly these tags; their system tag stays. Raises what `add_tags` raises."""
    look = _look(customer_id, tag_ids, actor, giving=True, taking=True)
    _refuse_foreign_systems(look)
    return _write(look, look.named, actor)


@transaction.atomic
def remove_tags(*, customer_id: int, tag_ids: Collection[int], actor: User) -> Change:
    """Remove tags from a customer. Tags they do not have are ignored.

    Raises ForeignCustomer, NoSuchCustomer, UnknownTags, SystemTagStays.
    """
    look = _look(customer_id, tag_ids, actor, taking=True)
    if any(tag.is_system for tag in look.named):
        raise SystemTagStays
    return _write(look, [tag for tag in look.given if tag not in look.named], actor)


@_despite_deletions
@transaction.atomic
def add_tag(*, customer_id: int, tag_id: int, actor: User) -> Tag:
    """Add one tag to a customer and return it.

    Raises ForeignCustomer, NoSuchCustomer, NoSuchTag, HasTag, SystemTagFollows.
    """
    look, tag = _look_at_one(customer_id, tag_id, actor)
    if tag in look.given or tag == look.own:
        raise HasTag
    _refuse_foreign_systems(look)
    _write(look, [*look.given, tag], actor)
    return tag


@transaction.atomic
def remove_tag(*, customer_id: int, tag_id: int, actor: User) -> Tag:
    """Remove one tag from a customer and return it.

    Raises ForeignCustomer, NoSuchCustomer, NoSuchTag, LacksTag, SystemTagStays.
    """
    look, tag = _look_at_one(customer_id, tag_id, actor, taking=True)
    if tag.is_system:
        raise SystemTagStays
    if tag not in look.given:
        raise LacksTag
    _write(look, [other for other in look.given if other != tag], actor)
    return tag


@transaction.atomic
def tag_customers(
    *, tag_id: int, customer_ids: Collection[int], add: bool, actor: User
) -> tuple[Tag, dict[int, APIException | None]]:
    """Add a tag to many customers, or remove it. Return the tag, and for each customer None or why nothing changed.

    The rules of `add_tag` and `remove_tag` apply to each customer. A handful of statements for every hundred of them.
    Raises NoSuchTag, SystemTagFollows, SystemTagStays, and then changes nothing.
    """
    customers = lock_all(customer_ids, actor=actor)
    # Locked, because deleting the tag locks the same rows in another order.
    tag = Tag.objects.select_for_update(no_key=True).filter(pk=tag_id).first()
    if tag is None:
        raise NoSuchTag(tag_id)
    if tag.is_system:
        raise SystemTagFollows if add else SystemTagStays
    mine = {customer.pk for customer in customers}
    given = CustomerTag.objects.filter(tag=tag, customer_id__in=mine)
    holders = set(given.values_list("customer_id", flat=True))
    others = Customer.objects.filter(pk__in=set(possible_ids(customer_ids)) - mine)
    foreign = set(others.values_list("pk", flat=True))
    changed = [customer for customer in customers if (customer.pk in holders) != add]
    if changed and add:
        CustomerTag.objects.bulk_create([CustomerTag(customer=customer, tag=tag) for customer in changed])
    elif changed:
        given.delete()
    if changed:
        _record_all(changed, [tag] if add else [], [] if add else [tag], actor=actor)
    outcome: dict[int, APIException | None] = {pk: NoSuchCustomer() for pk in customer_ids}
    outcome |= {pk: ForeignCustomer() for pk in foreign}
    outcome |= {pk: HasTag() if add else LacksTag() for pk in mine}
    outcome |= {customer.pk: None for customer in changed}
    return tag, outcome


def follow_source(*, customer: Customer, source_before: str, actor: User | None) -> None:
    """Record that the system tag of a locked customer changed with their source (setting ON_SOURCE_CHANGED)."""
    systems = {tag.source: tag for tag in Tag.objects.filter(source__in=[source_before, customer.source])}
    added, removed = ([systems[source]] if source in systems else [] for source in (customer.source, source_before))
    if added or removed:
        _record_all([customer], added, removed, actor=actor)


def take_over(*, into: Customer, gone: Customer) -> None:
    """Move the tags of `gone` to `into`, the same person. Both are locked, and `gone` is about to be deleted."""
    known = CustomerTag.objects.filter(customer=into).values_list("tag_id", flat=True)
    rows = CustomerTag.objects.filter(customer=gone).exclude(tag__in=list(known)).select_related("tag")
    if added := by_name([row.tag for row in rows]):
        rows.update(customer=into)
        _record_all([into], added, [], actor=None)


def _look(
    customer_id: int, tag_ids: Collection[int], actor: User, *, giving: bool = False, taking: bool = False
) -> _Look:
    """Lock a customer, and read their tags and the tags with these ids.

    `giving` and `taking` say what the request will do, which decides what else is locked (see the top of this file).
    Raises ForeignCustomer, NoSuchCustomer, UnknownTags.
    """
    customer = customer_at_desk(customer_id=customer_id, actor=actor, locked=True)
    storable = possible_ids(tag_ids)
    if giving and taking:
        locked = Tag.objects.select_for_update(no_key=True).filter(pk__in=storable, source=None).order_by("pk")
        list(locked.values_list("pk"))
    found = {tag.pk: tag for tag in Tag.objects.filter(Q(pk__in=storable) | Q(source=customer.source))}
    if unknown := set(tag_ids) - found.keys():
        raise UnknownTags(unknown)
    own = next((tag for tag in found.values() if tag.source == customer.source), None)
    rows = CustomerTag.objects.filter(customer=customer).select_related("tag").order_by("tag_id")
    given = [row.tag for row in (rows.select_for_update(of=("self",)) if taking else rows)]
    return _Look(customer, given, own, [found[pk] for pk in tag_ids])


def _look_at_one(customer_id: int, tag_id: int, actor: User, *, taking: bool = False) -> tuple[_Look, Tag]:
    try:
        look = _look(customer_id, [tag_id], actor, taking=taking)
    except UnknownTags:
        raise NoSuchTag(tag_id)
    return look, look.named[0]


def _refuse_foreign_systems(look: _Look) -> None:
    if any(tag.is_system and tag != look.own for tag in look.named):
        raise SystemTagFollows


def _write(look: _Look, wanted: Iterable[Tag], actor: User) -> Change:
    """Give a locked customer the `wanted` tags and no others, beside their system tag; record what changed."""
    target = {tag for tag in wanted if not tag.is_system}
    added, removed = by_name(target.difference(look.given)), by_name(set(look.given) - target)
    if removed:
        CustomerTag.objects.filter(customer=look.customer, tag__in=removed).delete()
    if added:
        CustomerTag.objects.bulk_create([CustomerTag(customer=look.customer, tag=tag) for tag in added])
    tags = by_name([*target, *([look.own] if look.own else [])])
    if added or removed:
        record(look.customer, TAGS_CHANGED, _event(tags, added, removed), actor=actor)
    return Change(look.customer.pk, tags, added, removed)


def _record_all(
    customers: Collection[Customer], added: Collection[Tag], removed: Collection[Tag], *, actor: User | None
) -> None:
    """Record for many locked customers that these tags were added and removed."""
    tags = Tag.objects.by_customer({customer.pk: customer.source for customer in customers})
    data = {customer.pk: _event(tags[customer.pk], added, removed) for customer in customers}
    record_all(customers, TAGS_CHANGED, data, actor=actor)


def _event(tags: Iterable[Tag], added: Iterable[Tag], removed: Iterable[Tag]) -> dict[str, Any]:
    parts = {"tags": tags, "added": added, "removed": removed}
    return {name: [tag_data(tag) for tag in part] for name, part in parts.items()}
