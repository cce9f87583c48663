"""What the tag endpoints take and answer."""

from collections.abc import Callable
from typing import Annotated, Any, NotRequired, TypedDict

from rest_framework import serializers

from core.documentation import View, documented
from tags.serializers import MAX_CUSTOMERS, MAX_TAGS, TagRow


def tag_operation(
    operation_id: str, answer: Any, *, status: int = 200, body: Any = None, filterset: Any = None
) -> Callable[[View], View]:
    """What Swagger says about an operation under `/api/v1/msg/`."""
    responses = {status: answer}
    return documented(operation_id=operation_id, request_body=body, responses=responses, filterset=filterset)


# `name` is answered with the tag, `names` with the array.
CREATED = ("The tag; for `names`, the array of tags.", TagRow | list[TagRow])


class CustomerTags(TypedDict):
    """The tags of a customer."""

    customer_id: int
    tags: list[TagRow]
    count: int


class CustomerTagsChanged(TypedDict):
    """What changed, and what the customer has now."""

    message: str
    customer_id: int
    tags: Annotated[list[TagRow], "every tag the customer has now"]


class CustomerTagAdded(TypedDict):
    """The tag that a customer was given."""

    message: str
    customer_id: int
    tag: TagRow


class CustomerTagRemoved(TypedDict):
    """That a customer lost a tag."""

    message: str
    customer_id: int


class TagDeleted(TypedDict):
    """Which tag was deleted."""

    message: str
    tag_name: str


class TagsDeleted(TypedDict):
    """Which tags were deleted, and which were not."""

    message: str
    deleted_count: int
    deleted_tags: list[str]
    skipped_tags: Annotated[
        list[str], "names of system tags, then one text with the ids that do not exist or are not yours"
    ]


class TagOutcome(TypedDict):
    """What became of one customer."""

    customer_id: int
    success: bool
    error: NotRequired[Annotated[str, "why nothing changed, as for a single customer"]]


class CustomersTagged(TypedDict):
    """What became of many customers."""

    message: str
    tag: TagRow
    changed_count: int
    results: list[TagOutcome]


class TagIdsSerializer(serializers.Serializer[Any]):
    """The ids of tags."""

    tag_ids = serializers.ListField(child=serializers.IntegerField(), help_text=f"at most {MAX_TAGS}")

    class Meta:
        ref_name = "TagIds"
        # A form's ids are texts, and tags/serializers.py wants numbers.
        json_only = True


class TagCustomersSerializer(serializers.Serializer[Any]):
    """The customers whose tag is added or removed."""

    customer_ids = serializers.ListField(child=serializers.IntegerField(), help_text=f"at most {MAX_CUSTOMERS}")
    action = serializers.ChoiceField(choices=["add", "remove"])

    class Meta:
        ref_name = "TagCustomers"
        json_only = True
