"""Tags put on customers and taken off.

Each locks the customer first (several in order of id). A change that changes something records one `tags_changed`
per customer: the tags as they are now, what was added, what was removed.

Deletions of tags lock no customers, only tags and then the rows of who carries them, both in order of tag. Whoever
takes tags off locks rows in the same order; whoever gives some in the same breath has locked those before. Who only
gives locks nothing of the kind: all who give the same tag would stand in line.
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
    """What a request did to a customer's tags: all they have now, and the difference, by name."""

    customer_id: int
    tags: list[Tag]
    added: list[Tag]
    removed: list[Tag]


def _despite_deletions(act: Callable[P, R]) -> Callable[P, R]:
    """Try again when a tag was deleted while it was being given, which PostgreSQL notices at the commit.

    The second look finds out which.
    """

    @wraps(act)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
        except IntegrityError:
            return act(*args, **kwargs)

    return tried


def customer_at_desk(*, customer_id: int, actor: User, locked: bool = False) -> Customer:
    """Return a customer on the actor's desk, locked if asked. Raises ForeignCustomer, NoSuchCustomer."""
    try:
        return lock(customer_id, actor=actor) if locked else Customer.objects.at_desk_of(actor).or_404(customer_id)
    except Customer.DoesNotExist:
        raise ForeignCustomer if Customer.objects.filter(pk=customer_id).exists() else NoSuchCustomer


@dataclass(frozen=True)
class _Look:
    """A locked customer, the tags they were given, their system tag if any, and the tags a request names."""

    customer: Customer
    given: list[Tag]
    own: Tag | None
    named: list[Tag]


@_despite_deletions
@transaction.atomic
def add_tags(*, customer_id: int, tag_ids: Collection[int], actor: User) -> Change:
    """Give a customer tags; those they have stay, and are not counted as added.

    Raises ForeignCustomer, NoSuchCustomer, UnknownTags, SystemTagFollows.
    """
    look = _look(customer_id, tag_ids, actor)
    _refuse_foreign_systems(look)
    return _write(look, [*look.given, *look.named], actor)


@_despite_deletions
@transaction.atomic
def replace_tags(*, customer_id: int, tag_ids: Collection[int], actor: User) -> Change:
    """Give a customer these tags and take off all others but their system tag. Raises what `add_tags` raises."""
    look = _look(customer_id, tag_ids, actor, giving=True, taking=True)
    _refuse_foreign_systems(look)
    return _write(look, look.named, actor)


@transaction.atomic
def remove_tags(*, customer_id: int, tag_ids: Collection[int], actor: User) -> Change:
    """Take tags off a customer; those they lack do not matter.

    Raises ForeignCustomer, NoSuchCustomer, UnknownTags, SystemTagStays.
    """
    look = _look(customer_id, tag_ids, actor, taking=True)
    if any(tag.is_system for tag in look.named):
        raise SystemTagStays
    return _write(look, [tag for tag in look.given if tag not in look.named], actor)


@_despite_deletions
@transaction.atomic
def add_tag(*, customer_id: int, tag_id: int, actor: User) -> Tag:
    """Give a customer one tag and return it.

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
    """Take one tag off a customer and return it.

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
    """Put a tag on many customers, or take it off; return it, and per customer why nothing changed, or None.

    For each the rules of `add_tag` and `remove_tag`. A handful of statements for every hundred customers.
    Raises NoSuchTag, SystemTagFollows, SystemTagStays: then nothing is changed at all.
    """
    customers = lock_all(customer_ids, actor=actor)
    # Locked, because deleting it would lock the same rows in another order.
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
    """Record that the system tag of a locked customer is another one, with their source (setting ON_SOURCE_CHANGED)."""
    systems = {tag.source: tag for tag in Tag.objects.filter(source__in=[source_before, customer.source])}
    added, removed = ([systems[source]] if source in systems else [] for source in (customer.source, source_before))
    if added or removed:
        _record_all([customer], added, removed, actor=actor)


def take_over(*, into: Customer, gone: Customer) -> None:
    """Give a locked customer the tags that were given to another locked one, who is the same person and goes."""
    known = CustomerTag.objects.filter(customer=into).values_list("tag_id", flat=True)
    rows = CustomerTag.objects.filter(customer=gone).exclude(tag__in=list(known)).select_related("tag")
    if added := by_name([row.tag for row in rows]):
        rows.update(customer=into)
        _record_all([into], added, [], actor=None)


def _look(
    customer_id: int, tag_ids: Collection[int], actor: User, *, giving: bool = False, taking: bool = False
) -> _Look:
    """Lock a customer and look at what a request is about.

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
    """See that a locked customer has the `wanted` tags and no others; record the difference if there is one."""
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
    """Record of many locked customers that these tags were put on them and taken off."""
    tags = Tag.objects.by_customer({customer.pk: customer.source for customer in customers})
    data = {customer.pk: _event(tags[customer.pk], added, removed) for customer in customers}
    record_all(customers, TAGS_CHANGED, data, actor=actor)


def _event(tags: Iterable[Tag], added: Iterable[Tag], removed: Iterable[Tag]) -> dict[str, Any]:
    parts = {"tags": tags, "added": added, "removed": removed}
    return {name: [tag_data(tag) for tag in part] for name, part in parts.items()}
