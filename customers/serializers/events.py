"""What happened to a customer, as JSON."""

from typing import Any

from rest_framework import serializers


class FrameSerializer(serializers.Serializer[Any]):
    """A recorded event, as sockets say it."""

    type = serializers.CharField()
    seq = serializers.IntegerField()
    at = serializers.DateTimeField()
    data = serializers.DictField()  # type: ignore[assignment]

    class Meta:
        ref_name = "Frame"


class EventsSerializer(serializers.Serializer[Any]):
    """The answer of GET /api/customers/{id}/events/."""

    results = FrameSerializer(many=True)
    last_seq = serializers.IntegerField(help_text="the newest event of this customer")
    has_more = serializers.BooleanField()

    class Meta:
        ref_name = "Events"
