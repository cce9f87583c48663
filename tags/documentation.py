"""What the tag endpoints take and answer, for Swagger. None of it runs when a request is served."""

from collections.abc import Callable
from typing import Any

from drf_yasg import openapi
from rest_framework import serializers

from core.documentation import View, documented
from tags.envelope import ErrorSerializer
from tags.serializers import MAX_CUSTOMERS, MAX_TAGS, CountedTagSerializer, TagSerializer

REFUSALS = {
    status: openapi.Response(description, ErrorSerializer)
    for status, description in {
        400: "`error` says what is wrong. Nothing was changed.",
        401: "Not signed in, or the session has ended.",
        403: "Not your customer, not your tag, a system tag, or not allowed for your role.",
        404: "No such customer or tag.",
    }.items()
}


CUSTOMER_ID, TAG_ID = (
    openapi.Parameter(name, openapi.IN_PATH, description=f"the id of {what}", type=openapi.TYPE_INTEGER, required=True)
    for name, what in (("customer_id", "a customer"), ("tag_id", "a tag"))
)
WITH_COUNTS = openapi.Parameter(
    "with_counts",
    openapi.IN_QUERY,
    description="true adds customer_count: the number of customers on your desk who have the tag",
    type=openapi.TYPE_BOOLEAN,
)


def tag_operation(
    operation_id: str, answer: Any, *parameters: openapi.Parameter, status: int = 200, body: Any = None
) -> Callable[[View], View]:
    """What Swagger says about an operation under `/api/v1/msg/`."""
    return documented(
        tags=["tags"],
        operation_id=operation_id,
        manual_parameters=list(parameters),
        request_body=body,
        responses={status: answer, **REFUSALS},
    )


class TagIdsSerializer(serializers.Serializer[Any]):
    tag_ids = serializers.ListField(child=serializers.IntegerField(), help_text=f"at most {MAX_TAGS}")

    class Meta:
        ref_name = "TagIds"


class CustomerTagsSerializer(serializers.Serializer[Any]):
    customer_id = serializers.IntegerField()
    tags = TagSerializer(many=True)
    count = serializers.IntegerField()

    class Meta:
        ref_name = "CustomerTags"


class TagsChangedSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    customer_id = serializers.IntegerField()
    tags = TagSerializer(many=True, help_text="every tag the customer has now")

    class Meta:
        ref_name = "CustomerTagsChanged"


class TagAddedSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    customer_id = serializers.IntegerField()
    tag = TagSerializer()

    class Meta:
        ref_name = "CustomerTagAdded"


class TagRemovedSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    customer_id = serializers.IntegerField()

    class Meta:
        ref_name = "CustomerTagRemoved"


class TagDeletedSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    tag_name = serializers.CharField()

    class Meta:
        ref_name = "TagDeleted"


class TagsDeletedSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    deleted_count = serializers.IntegerField()
    deleted_tags = serializers.ListField(child=serializers.CharField())
    skipped_tags = serializers.ListField(
        child=serializers.CharField(),
        help_text="names of system tags, then one text with the ids that do not exist or are not yours",
    )

    class Meta:
        ref_name = "TagsDeleted"


class TagCustomersSerializer(serializers.Serializer[Any]):
    customer_ids = serializers.ListField(child=serializers.IntegerField(), help_text=f"at most {MAX_CUSTOMERS}")
    action = serializers.ChoiceField(choices=["add", "remove"])

    class Meta:
        ref_name = "TagCustomers"


class OutcomeSerializer(serializers.Serializer[Any]):
    customer_id = serializers.IntegerField()
    success = serializers.BooleanField()
    error = serializers.CharField(required=False, help_text="why nothing changed, as for a single customer")

    class Meta:
        ref_name = "TagOutcome"


class CustomersTaggedSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    tag = TagSerializer()
    changed_count = serializers.IntegerField()
    results = OutcomeSerializer(many=True)

    class Meta:
        ref_name = "CustomersTagged"


# `name` is answered with the tag, `names` with the array.
CREATED = openapi.Response("The tag; for `names`, the array of tags.", CountedTagSerializer)
