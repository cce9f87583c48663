"""Assignments as JSON, in the same shape in REST and in events."""

from typing import Any, TypedDict

from rest_framework import serializers

from accounts.models import User
from accounts.serializers import OwnerRef, owner_ref, user_ref
from core.bodies import BodySerializer
from core.fields import KnownFieldsOnly, StrictBooleanField
from core.shapes import Ref, Time
from core.timestamps import iso
from customers.models import Assignment
from customers.serializers.customer_fields import DeskCustomerField


class AssignmentRow(TypedDict):
    """That a salesperson has, or had, a customer."""

    id: int
    customer: int
    salesperson: Ref | None
    assigned_by: Ref | None
    note: str
    assigned_at: Time
    ended_at: Time | None
    is_active: bool


def assignment_data(assignment: Assignment) -> AssignmentRow:
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


class AssignmentChange(AssignmentRow):
    """What `assignment_changed` records: an assignment that began or ended, and who has the customer now."""

    owner: OwnerRef | None


def assignment_event_data(assignment: Assignment, owner: User | None) -> AssignmentChange:
    """The data of `assignment_changed`."""
    return {**assignment_data(assignment), "owner": owner_ref(owner)}


class AssignmentSerializer(serializers.BaseSerializer[Assignment]):
    """Shows assignments."""

    def to_representation(self, assignment: Assignment) -> AssignmentRow:
        return assignment_data(assignment)


class AssignSerializer(BodySerializer, KnownFieldsOnly):
    """The body of POST /api/assignments/."""

    customer = DeskCustomerField()
    salesperson = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.sellers(),
        pk_field=serializers.IntegerField(),
        required=False,
        help_text="the id of an active salesperson; may only be left out with `dry_run`",
    )
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2_000)

    dry_run = StrictBooleanField(
        required=False, default=False, help_text="true: nothing is changed; the answer says who would get them, and why"
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if "salesperson" not in given and not given["dry_run"]:
            raise serializers.ValidationError({"salesperson": [self.fields["salesperson"].error_messages["required"]]})
        return given

    class Meta:
        ref_name = "Assign"
