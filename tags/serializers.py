"""Tags as JSON, and reading the bodies of requests about tags."""

from typing import Annotated, Any, NotRequired, TypedDict, cast

from rest_framework import serializers

from core.names import check_name
from core.shapes import Time
from core.timestamps import iso
from tags.errors import TagsRefused
from tags.models import MAX_NAME, Tag

# Tags in one request. Deleting them sends a frame each, and all of those must fit the queue of a socket.
MAX_TAGS = 200
# Customers in one request.
MAX_CUSTOMERS = 1000


class TagRow(TypedDict):
    """A tag."""

    id: int
    name: str
    created_by: Annotated[int | None, "the id of the user who created it"]
    created_at: Time
    is_system: bool


class CountedTagRow(TagRow):
    """A tag of the team."""

    customer_count: NotRequired[
        Annotated[int, "only with ?with_counts=true: the number of customers on your desk who have the tag"]
    ]


def tag_data(tag: Tag) -> TagRow:
    """A tag as JSON values."""
    return {
        "id": tag.pk,
        "name": tag.name,
        "created_by": tag.created_by_id,
        "created_at": iso(tag.created_at),
        "is_system": tag.is_system,
    }


class CountedTagSerializer(serializers.BaseSerializer[Any]):
    """Shows tags, with `customer_count` if the request asked for it."""

    def to_representation(self, tag: Tag) -> CountedTagRow:
        shown = cast(CountedTagRow, tag_data(tag))
        if hasattr(tag, "customer_count"):
            shown["customer_count"] = tag.customer_count
        return shown


def read_ids(body: Any, field: str, *, at_most: int, allow_empty: bool = False) -> list[int]:
    """The list of ids in the field `field` of a request body, each once, in their order. Raises TagsRefused."""
    ids = body.get(field) if isinstance(body, dict) else None
    # Not isinstance(): True and False are instances of int.
    if not isinstance(ids, list) or any(type(item) is not int for item in ids):
        raise TagsRefused(f"{field} must be a list of integers")
    if not ids and not allow_empty:
        raise TagsRefused(f"{field} cannot be empty")
    unique = list(dict.fromkeys(ids))
    if len(unique) > at_most:
        raise TagsRefused(f"{field} may hold at most {at_most} integers")
    return unique


def read_action(body: Any) -> str:
    """The `action` of a request body: `add` or `remove`. Raises TagsRefused."""
    wanted = body.get("action") if isinstance(body, dict) else None
    if not isinstance(wanted, str) or wanted not in ("add", "remove"):
        raise TagsRefused("action must be add or remove")
    return wanted


def _name(**options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=MAX_NAME, validators=[check_name], **options)


class RenameTagSerializer(serializers.Serializer[Any]):
    """The new name of a tag."""

    name = _name()

    class Meta:
        ref_name = "RenameTag"


class NewTagsSerializer(serializers.Serializer[Any]):
    """Either `name` for one tag or `names` for several."""

    name = _name(required=False)
    names = serializers.ListField(child=_name(), required=False, allow_empty=False, max_length=MAX_TAGS)

    class Meta:
        ref_name = "NewTags"

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if len(given) != 1:
            raise serializers.ValidationError("Give either name or names.")
        return given
