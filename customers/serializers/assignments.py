"""Assignments as JSON, in the same shape in REST and in events."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from accounts.serializers import user_ref
from core.timestamps import iso
from customers.models import Assignment
from customers.serializers.customer_fields import DeskCustomerField
from customers.serializers.customers import RefSerializer


def assignment_data(assignment: Assignment) -> dict[str, Any]:
    """An assignment as JSON values."""
    return {
        "id": assignment.pk,
        "customer": assignment.customer_id,
        "salesperson": user_ref(assignment.salesperson),
        "assigned_by": user_ref(assignment.assigned_by),
        "note": assignment.note,
        "assigned_at": iso(assignment.assigned_at),
        "ended_at": iso(assignment.ended_at),
        "is_active": assignment.ended_at is None,
    }


class AssignmentSerializer(serializers.Serializer[Any]):
    """Shows assignments. The fields are declared for the API documentation."""

    id = serializers.IntegerField()
    customer = serializers.IntegerField()
    salesperson = RefSerializer()
    assigned_by = RefSerializer(allow_null=True)
    note = serializers.CharField()
    assigned_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    is_active = serializers.BooleanField()

    class Meta:
        ref_name = "Assignment"

    def to_representation(self, assignment: Assignment) -> dict[str, Any]:
        return assignment_data(assignment)


class AssignSerializer(serializers.Serializer[Any]):
    """The body of POST /api/assignments/."""

    customer = DeskCustomerField()
    salesperson = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.sellers(),
        pk_field=serializers.IntegerField(),
        help_text="the id of an active salesperson",
    )
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2_000)

    class Meta:
        ref_name = "Assign"
