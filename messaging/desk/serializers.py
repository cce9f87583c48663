"""The shapes of the desk's answers, for the API's documentation. The rows themselves are made in rows.py."""

from typing import Any

from rest_framework import serializers

from customers.duplicates import WEIGHTS
from customers.models import LoyaltyTier, Source
from customers.serializers.customers import OwnerRefSerializer
from messaging.models import Direction, Status
from tags.serializers import TagSerializer


class LastMessageSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    direction = serializers.ChoiceField(choices=Direction.choices)
    type = serializers.CharField()
    text = serializers.CharField(help_text="the first 200 characters")
    status = serializers.ChoiceField(choices=Status.choices)
    created_at = serializers.DateTimeField()

    class Meta:
        ref_name = "LastMessage"


class DeskRowSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    customer_id = serializers.CharField(help_text="like CUST000001")
    name = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    username = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField(allow_null=True)
    source = serializers.ChoiceField(choices=Source.choices)  # type: ignore[assignment]
    notes = serializers.CharField()
    is_active = serializers.BooleanField()
    is_verified = serializers.BooleanField()
    is_vip = serializers.BooleanField()
    loyalty_tier = serializers.ChoiceField(choices=LoyaltyTier.choices)
    owner = OwnerRefSerializer(allow_null=True)
    tags = TagSerializer(many=True)
    unread_count = serializers.IntegerField()
    last_message = LastMessageSerializer(allow_null=True)
    last_message_at = serializers.DateTimeField(allow_null=True)
    window_expires_at = serializers.DateTimeField(
        allow_null=True, help_text="until then you can write freely; after that only templates can be sent"
    )
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    class Meta:
        ref_name = "DeskCustomer"


class ActorSerializer(serializers.Serializer[Any]):
    """Who did something: a member of staff, or a customer with a login."""

    id = serializers.IntegerField()
    name = serializers.CharField()

    class Meta:
        ref_name = "Actor"


class FrameSerializer(serializers.Serializer[Any]):
    """A recorded event, as the chat socket sends it."""

    type = serializers.CharField()
    seq = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = ActorSerializer(allow_null=True)
    data = serializers.DictField()  # type: ignore[assignment]

    class Meta:
        ref_name = "Frame"


class EventsSerializer(serializers.Serializer[Any]):
    """The answer of GET /api/customers/{id}/events/."""

    results = FrameSerializer(many=True)
    last_seq = serializers.IntegerField(help_text="the `seq` of the customer's newest event")
    has_more = serializers.BooleanField()

    class Meta:
        ref_name = "Events"


class MergedSerializer(serializers.Serializer[Any]):
    """The answer of POST /api/customers/{id}/merge/."""

    merge = serializers.IntegerField(help_text="the id of the merge, by which it can be undone")
    customer = DeskRowSerializer()

    class Meta:
        ref_name = "Merged"


class UndoneSerializer(serializers.Serializer[Any]):
    """The answer of POST /api/customers/merges/{id}/undo/."""

    restored = DeskRowSerializer()
    into = DeskRowSerializer()

    class Meta:
        ref_name = "MergeUndone"


class DuplicateSerializer(serializers.Serializer[Any]):
    """A row of GET /api/customers/{id}/duplicates/."""

    customer = DeskRowSerializer()
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=[*WEIGHTS]))

    class Meta:
        ref_name = "Duplicate"
