"""Creating, renaming and deleting the team's tags.

Renaming and deleting send one frame without a number to all open sockets of the staff and record no events: a hundred
thousand customers may have the tag.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from accounts.audit import audit, audit_all
from accounts.models import User
from core.changes import changed, gone, made
from core.filters import possible_ids
from core.folding import same_name
from core.live.frames import tell_staff
from customers.models import Source
from tags.errors import CannotChangeSystemTag, NoSuchTag, NotYourTag, TagNameTaken, TagsRefused
from tags.models import CustomerTag, Tag

# A customer's source -> the name of its system tag.
SYSTEM_TAGS = {Source.WHATSAPP: "Whatsapp", Source.TELEGRAM: "Telegram", Source.INSTAGRAM: "Instagram"}


@dataclass(frozen=True)
class DeletionResult:
    """What became of the tags of a request to delete several, each list in the order of the request."""

    deleted: list[Tag]
    system: list[Tag]
    not_found_or_not_yours: list[int]


@transaction.atomic
def ensure_system_tags() -> list[Tag]:
    """Create the system tags that are missing (a flushed database has none) and return all three.

    A tag of the team that has the name of a system tag becomes that system tag.
    """
    tags = []
    for source, name in SYSTEM_TAGS.items():
        tag = Tag.objects.filter(source=source).first()
        if tag is None:
            namesake = Tag.objects.select_for_update().named([name]).first()
            tag = namesake or Tag()
            tag.name, tag.source, tag.created_by = name, source, None
            tag.save()
            tag.given_to.all().delete()
        tags.append(tag)
    return tags


@transaction.atomic
def create_tags(*, names: Sequence[str], actor: User) -> list[Tag]:
    """Create tags and return them, in the order of `names`. Raises TagsRefused, and then creates none."""
    if len({same_name(name) for name in names}) < len(names):
        raise TagsRefused("The list contains the same name twice. Upper and lower case make no difference.")
    _refuse_taken_names(names)
    try:
        with transaction.atomic():
            tags = Tag.objects.bulk_create([Tag(name=name, created_by=actor) for name in names])
    except IntegrityError:  # somebody else took a name between the check and the insert
        _refuse_taken_names(names)
        raise
    audit_all("tag_created", [(tag, None, made(tag, "name")) for tag in tags], actor=actor)
    return tags


@transaction.atomic
def rename_tag(*, tag_id: int, name: str, actor: User) -> Tag:
    """Rename a tag and return it. The name it already has is no change.

    Raises NoSuchTag, CannotChangeSystemTag, NotYourTag, TagNameTaken.
    """
    tag = _lock_changeable(tag_id, actor)
    if tag.name == name:
        return tag
    _refuse_taken_names([name], except_id=tag_id)
    audit("tag_renamed", tag, actor=actor, changes=changed({"name": tag.name}, {"name": name}))
    tag.name = name
    try:
        with transaction.atomic():
            tag.save(update_fields=["name", "name_key"])
    except IntegrityError:
        _refuse_taken_names([name], except_id=tag_id)
        raise
    tell_staff("tag_updated", {"id": tag.pk, "name": tag.name})
    return tag


@transaction.atomic
def delete_tag(*, tag_id: int, actor: User) -> Tag:
    """Delete a tag, which removes it from all customers; return what it was.

    Raises NoSuchTag, CannotChangeSystemTag, NotYourTag.
    """
    tag = _lock_changeable(tag_id, actor)
    _delete_locked([tag], actor)
    return tag


@transaction.atomic
def delete_tags(*, tag_ids: Collection[int], actor: User) -> DeletionResult:
    """Delete those of the tags that the actor may delete, and say what became of each."""
    locked = Tag.objects.select_for_update().filter(pk__in=possible_ids(tag_ids)).order_by("pk")
    tags = {tag.pk: tag for tag in locked}
    _delete_locked([tag for tag in tags.values() if tag.may_be_changed_by(actor)], actor)
    requested = [tags[pk] for pk in tag_ids if pk in tags]
    return DeletionResult(
        deleted=[tag for tag in requested if tag.may_be_changed_by(actor)],
        system=[tag for tag in requested if tag.is_system],
        not_found_or_not_yours=[
            pk for pk in tag_ids if pk not in tags or not (tags[pk].is_system or tags[pk].may_be_changed_by(actor))
        ],
    )


def check_may_change(tag: Tag, actor: User) -> None:
    """Raise CannotChangeSystemTag or NotYourTag unless the actor may rename and delete the tag."""
    if tag.is_system:
        raise CannotChangeSystemTag
    if not tag.may_be_changed_by(actor):
        raise NotYourTag


def _lock_changeable(tag_id: int, actor: User) -> Tag:
    """Lock a tag that the actor may change. A request that is adding it to a customer commits first, or fails."""
    tag = Tag.objects.select_for_update().filter(pk=tag_id).first()
    if tag is None:
        raise NoSuchTag(tag_id)
    check_may_change(tag, actor)
    return tag


def _refuse_taken_names(names: Sequence[str], except_id: int = 0) -> None:
    taken = {tag.name_key for tag in Tag.objects.named(names).exclude(pk=except_id)}
    if clashes := [name for name in names if same_name(name) in taken]:
        raise TagNameTaken(clashes)


def _delete_locked(tags: Sequence[Tag], actor: User) -> None:
    """Delete locked tags, in order of id."""
    audit_all("tag_deleted", [(tag, None, gone(tag, "name")) for tag in tags], actor=actor)
    for tag in tags:
        # One statement, however many customers have it. One tag after another, because removing several tags from a
        # customer locks the same rows in the same order.
        CustomerTag.objects.filter(tag=tag).delete()
        tell_staff("tag_deleted", {"id": tag.pk, "name": tag.name})
    Tag.objects.filter(pk__in=[tag.pk for tag in tags]).delete()
