"""Customer groups in Django admin."""

from typing import Any

from django import forms
from django.contrib import admin
from rest_framework.exceptions import ValidationError

from core.admin.lists import ListAdmin
from core.admin.readonly import ReadOnlyAdmin
from customers.admin.searching import FoundByCustomer
from customers.group_members import check_rules
from customers.models import CustomerGroup, GroupMember


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    def clean_assignment_rules(self) -> Any:
        try:
            return check_rules(self.cleaned_data["assignment_rules"] or {})
        except ValidationError as error:
            raise forms.ValidationError([str(text) for text in error.detail])


@admin.register(CustomerGroup)
class GroupAdmin(ListAdmin):
    """Groups and their rules. Members are added and removed through the API, or match the rules."""

    form = GroupForm
    list_display = ("name", "discount_percentage", "priority_support", "free_shipping", "assignment_rules")
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("name", "description", "assignment_rules", "discount_percentage", "priority_support", "free_shipping")


@admin.register(GroupMember)
class GroupMemberAdmin(FoundByCustomer, ReadOnlyAdmin):
    """Customers who were added to a group by hand. Those who match its rules are not here."""

    list_display = ("customer", "group", "added_by", "added_at")
    list_filter = ("group",)
    list_select_related = ("customer", "group", "added_by")
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("group__name",)
