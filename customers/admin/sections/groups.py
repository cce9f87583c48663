"""The groups a customer is in, by hand or by the rules, and what comes with them."""

from typing import Any

from django.http import HttpRequest

from customers.admin.registry import Section, add_section
from customers.admin.row_actions import JOIN_GROUP, LEAVE_GROUP
from customers.group_members import benefits_of, groups_of
from customers.models import Customer, GroupMember


def _groups(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    groups = groups_of([customer])[customer.pk]
    by_hand = {one.group_id: one for one in GroupMember.objects.filter(customer=customer).select_related("added_by")}
    return {
        "groups": [{"group": group, "member": by_hand.get(group.pk)} for group in groups],
        "benefits": benefits_of(customer, groups),
    }


add_section(
    Section(
        "groups",
        "Groups",
        50,
        "admin/customers/customer/sections/groups.html",
        _groups,
        (JOIN_GROUP, LEAVE_GROUP),
    )
)
