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
from django.db.models import Q, QuerySet
from rest_framework.exceptions import APIException

from accounts.models import User
from core.changes import Changes, changed
from core.filters import possible_ids
from customers.actions.locking import lock, lock_all
from customers.events import record, record_all
from customers.models import Customer, CustomerMerged
from tags.errors import (
    AlreadyTagged,
    CannotAddSystemTag,
    CannotRemoveSystemTag,
    NoSuchCustomer,
    NoSuchTag,
    NotTagged,
    NotYourCustomer,
    UnknownTagIds,
)
from tags.models import CustomerTag, Tag, by_name
from tags.serializers import tag_data

P = ParamSpec("P")
R = TypeVar("R")

TAGS_CHANGED = "tags_changed"


@dataclass(frozen=True)
class TagChange:
    """What a request changed: all tags the customer has now, those added and those removed, each by name."""

    customer_id: int
    tags: list[Tag]
    added: list[Tag]
    removed: list[Tag]


def _retry_if_a_tag_was_deleted(action: Callable[P, R]) -> Callable[P, R]:
    """Try again if a tag was deleted while it was being added, which PostgreSQL notices at the commit.

    The second try finds the tag missing and refuses it by its id.
    """

    @wraps(action)
    def tried_twice(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return action(*args, **kwargs)
        except IntegrityError:
            return action(*args, **kwargs)

    return tried_twice


def customer_at_desk(*, customer_id: int, actor: User, locked: bool = False) -> Customer:
    """Return a customer on the actor's desk, locked if `locked`.

    Raises NotYourCustomer, NoSuchCustomer, CustomerMerged.
    """
    try:
        return lock(customer_id, actor=actor) if locked else Customer.objects.at_desk_of(actor).or_404(customer_id)
    except CustomerMerged:
        raise
    except Customer.DoesNotExist:
        raise NotYourCustomer if Customer.objects.filter(pk=customer_id).exists() else NoSuchCustomer


@dataclass(frozen=True)
class _LockedTags:
    """A locked customer, the tags they were given, the system tag of their source if any, and those of a tags."""

    customer: Customer
    given: list[Tag]
    system: Tag | None
    requested: list[Tag]


@_retry_if_a_tag_was_deleted
@transaction.atomic
def add_tags(*, customer_id: int, tag_ids: Collection[int], actor: User) -> TagChange:
    """Add tags to a customer. The tags they have already stay, and do not count as added.

    Raises NotYourCustomer, NoSuchCustomer, UnknownTagIds, CannotAddSystemTag.
    """
    tags = _lock_and_read(customer_id, tag_ids, actor)
    _refuse_other_system_tags(tags)
    return _set_tags(tags, [*tags.given, *tags.requested], actor)


@_retry_if_a_tag_was_deleted
@transaction.atomic
def replace_tags(*, customer_id: int, tag_ids: Collection[int], actor: User) -> TagChange:
    """Give a customer exactly these tags; their system tag stays. Raises what `add_tags` raises."""
    tags = _lock_and_read(customer_id, tag_ids, actor, lock_tags=True, lock_rows=True)
    _refuse_other_system_tags(tags)
    return _set_tags(tags, tags.requested, actor)


@transaction.atomic
def remove_tags(*, customer_id: int, tag_ids: Collection[int], actor: User) -> TagChange:
    """Remove tags from a customer. Tags they do not have are ignored.

    Raises NotYourCustomer, NoSuchCustomer, UnknownTagIds, CannotRemoveSystemTag.
    """
    tags = _lock_and_read(customer_id, tag_ids, actor, lock_rows=True)
    if any(tag.is_system for tag in tags.requested):
        raise CannotRemoveSystemTag
    return _set_tags(tags, [tag for tag in tags.given if tag not in tags.requested], actor)


@_retry_if_a_tag_was_deleted
@transaction.atomic
def add_tag(*, customer_id: int, tag_id: int, actor: User) -> Tag:
    """Add one tag to a customer and return it.

    Raises NotYourCustomer, NoSuchCustomer, NoSuchTag, AlreadyTagged, CannotAddSystemTag.
    """
    tags, tag = _lock_and_read_one(customer_id, tag_id, actor)
    if tag in tags.given or tag == tags.system:
        raise AlreadyTagged
    _refuse_other_system_tags(tags)
    _set_tags(tags, [*tags.given, tag], actor)
    return tag


@transaction.atomic
def remove_tag(*, customer_id: int, tag_id: int, actor: User) -> Tag:
    """Remove one tag from a customer and return it.

    Raises NotYourCustomer, NoSuchCustomer, NoSuchTag, NotTagged, CannotRemoveSystemTag.
    """
    tags, tag = _lock_and_read_one(customer_id, tag_id, actor, lock_rows=True)
    if tag.is_system:
        raise CannotRemoveSystemTag
    if tag not in tags.given:
        raise NotTagged
    _set_tags(tags, [other for other in tags.given if other != tag], actor)
    return tag


@transaction.atomic
def tag_customers(
    *, tag_id: int, customer_ids: Collection[int], add: bool, actor: User
) -> tuple[Tag, dict[int, APIException | None]]:
    """Add a tag to many customers, or remove it. Return the tag, and for each customer None or why nothing changed.

    The rules of `add_tag` and `remove_tag` apply to each customer. A handful of statements for every hundred of them.
    Raises NoSuchTag, CannotAddSystemTag, CannotRemoveSystemTag, and then changes nothing.
    """
    customers = lock_all(customer_ids, actor=actor)
    # Locked, because deleting the tag locks the same rows in another order.
    tag = Tag.objects.select_for_update(no_key=True).filter(pk=tag_id).first()
    if tag is None:
        raise NoSuchTag(tag_id)
    if tag.is_system:
        raise CannotAddSystemTag if add else CannotRemoveSystemTag
    on_desk = {customer.pk for customer in customers}
    rows = CustomerTag.objects.filter(tag=tag, customer_id__in=on_desk)
    tagged = set(rows.values_list("customer_id", flat=True))
    changed = [customer for customer in customers if (customer.pk in tagged) != add]
    # Salespeople are not told whether somebody else has the customer or nobody. Admins see all that there are.
    missing = NoSuchCustomer if actor.is_admin else NotYourCustomer
    refusals: dict[int, APIException | None] = {pk: missing() for pk in customer_ids}
    refusals |= {pk: AlreadyTagged() if add else NotTagged() for pk in on_desk}
    refusals |= {customer.pk: None for customer in changed}
    if changed and add:
        CustomerTag.objects.bulk_create([CustomerTag(customer=customer, tag=tag) for customer in changed])
        _record_for_all(changed, [tag], [], actor=actor)
    elif changed:
        rows.delete()
        _record_for_all(changed, [], [tag], actor=actor)
    return tag, refusals


def follow_source(*, customer: Customer, source_before: str, actor: User | None) -> None:
    """Record that the system tag of a locked customer changed with their source (setting ON_SOURCE_CHANGED)."""
    systems = {tag.source: tag for tag in Tag.objects.filter(source__in=[source_before, customer.source])}
    added, removed = ([systems[source]] if source in systems else [] for source in (customer.source, source_before))
    if added or removed:
        _record_for_all([customer], added, removed, actor=actor)


def record_moved_tags(customer: Customer, rows: "QuerySet[CustomerTag]", *, added: bool) -> None:
    """Record that a locked customer got the tags of these rows in a merge, or lost them when it was undone."""
    tags = by_name(row.tag for row in rows.select_related("tag"))
    if tags:
        _record_for_all([customer], tags if added else [], [] if added else tags, actor=None)


def _lock_and_read(
    customer_id: int, tag_ids: Collection[int], actor: User, *, lock_tags: bool = False, lock_rows: bool = False
) -> _LockedTags:
    """Lock a customer, and read their tags and the tags with these ids.

    `lock_tags` locks the tags with these ids, `lock_rows` the rows of the customer's tags (see the top of this file).
    Raises NotYourCustomer, NoSuchCustomer, UnknownTagIds.
    """
    customer = customer_at_desk(customer_id=customer_id, actor=actor, locked=True)
    storable = possible_ids(tag_ids)
    if lock_tags:
        locked = Tag.objects.select_for_update(no_key=True).filter(pk__in=storable, source=None).order_by("pk")
        list(locked.values_list("pk"))
    found = {tag.pk: tag for tag in Tag.objects.filter(Q(pk__in=storable) | Q(source=customer.source))}
    if unknown := set(tag_ids) - found.keys():
        raise UnknownTagIds(unknown)
    system = next((tag for tag in found.values() if tag.source == customer.source), None)
    rows = CustomerTag.objects.filter(customer=customer).select_related("tag").order_by("tag_id")
    given = [row.tag for row in (rows.select_for_update(of=("self",)) if lock_rows else rows)]
    return _LockedTags(customer, given, system, [found[pk] for pk in tag_ids])


def _lock_and_read_one(
    customer_id: int, tag_id: int, actor: User, *, lock_rows: bool = False
) -> tuple[_LockedTags, Tag]:
    try:
        tags = _lock_and_read(customer_id, [tag_id], actor, lock_rows=lock_rows)
    except UnknownTagIds:
        raise NoSuchTag(tag_id)
    return tags, tags.requested[0]


def _refuse_other_system_tags(tags: _LockedTags) -> None:
    if any(tag.is_system and tag != tags.system for tag in tags.requested):
        raise CannotAddSystemTag


def _set_tags(tags: _LockedTags, wanted: Iterable[Tag], actor: User) -> TagChange:
    """Give a locked customer the `wanted` tags and no others, beside their system tag; record what changed."""
    team_tags = {tag for tag in wanted if not tag.is_system}
    added, removed = by_name(team_tags.difference(tags.given)), by_name(set(tags.given) - team_tags)
    if removed:
        CustomerTag.objects.filter(customer=tags.customer, tag__in=removed).delete()
    if added:
        CustomerTag.objects.bulk_create([CustomerTag(customer=tags.customer, tag=tag) for tag in added])
    all_tags = by_name([*team_tags, *([tags.system] if tags.system else [])])
    if added or removed:
        data, told = _event_data(all_tags, added, removed), _told(added, removed)
        record(tags.customer, TAGS_CHANGED, data, actor=actor, changes=told)
    return TagChange(tags.customer.pk, all_tags, added, removed)


def _record_for_all(
    customers: Collection[Customer], added: Collection[Tag], removed: Collection[Tag], *, actor: User | None
) -> None:
    """Record for many locked customers that these tags were added and removed."""
    tags = Tag.objects.by_customer({customer.pk: customer.source for customer in customers})
    data = {customer.pk: _event_data(tags[customer.pk], added, removed) for customer in customers}
    told = _told(added, removed)
    record_all(customers, TAGS_CHANGED, data, actor=actor, changes=dict.fromkeys(data, told))


def _told(added: Iterable[Tag], removed: Iterable[Tag]) -> Changes:
    """What the audit trail says of a change: the names that went, and those that came."""
    return changed({"tags": [tag.name for tag in removed]}, {"tags": [tag.name for tag in added]})


def _event_data(tags: Iterable[Tag], added: Iterable[Tag], removed: Iterable[Tag]) -> dict[str, Any]:
    parts = {"tags": tags, "added": added, "removed": removed}
    return {name: [tag_data(tag) for tag in part] for name, part in parts.items()}
