"""Groups as JSON."""

from typing import Any, ClassVar

from rest_framework import serializers

from core.fields import NameField, StrictBooleanField
from customers.group_members import check_rules
from customers.models import Customer, CustomerGroup
from customers.serializers.customer_fields import CustomerField


class GroupSerializer(serializers.ModelSerializer[CustomerGroup]):
    """A group of customers, and what it gives them."""

    # The context holds `member_counts`, by group id (customers/group_members.py).

    name = NameField(max_length=150)
    description = serializers.CharField(required=False, allow_blank=True, max_length=5_000)
    assignment_rules = serializers.JSONField(
        required=False,
        help_text="filters of the customer list and their values; customers who match all of them are members",
    )
    priority_support = StrictBooleanField(required=False)
    free_shipping = StrictBooleanField(required=False)
    member_count = serializers.SerializerMethodField(help_text="the members you can see")

    class Meta:
        model = CustomerGroup
        fields = (
            "id",
            "name",
            "description",
            "assignment_rules",
            "discount_percentage",
            "priority_support",
            "free_shipping",
            "member_count",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("created_at", "updated_at")
        validators: ClassVar[list[Any]] = []

    def get_member_count(self, group: CustomerGroup) -> int:
        counts: dict[int, int] = self.context.get("member_counts", {})
        return counts.get(group.pk, 0)

    def validate_name(self, value: str) -> str:
        namesakes = CustomerGroup.objects.named(value)
        if isinstance(self.instance, CustomerGroup):
            namesakes = namesakes.exclude(pk=self.instance.pk)
        if namesakes.exists():
            raise serializers.ValidationError("A group with this name already exists.")
        return value

    def validate_assignment_rules(self, value: Any) -> dict[str, str]:
        return check_rules(value)


class MemberSerializer(serializers.Serializer[Any]):
    """The body of add_member/ and remove_member/."""

    customer_id = CustomerField(queryset=Customer.objects.all(), help_text="the id of a customer")

    class Meta:
        ref_name = "GroupMemberWrite"
