"""Customer groups in Django admin."""

from typing import Any

from django import forms
from django.contrib import admin
from rest_framework.exceptions import ValidationError

from customers.group_members import check_rules
from customers.models import CustomerGroup


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    def clean_assignment_rules(self) -> Any:
        try:
            return check_rules(self.cleaned_data["assignment_rules"] or {})
        except ValidationError as error:
            raise forms.ValidationError([str(text) for text in error.detail])


@admin.register(CustomerGroup)
class GroupAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Groups and their rules. Members are added and removed through the API, or match the rules."""

    form = GroupForm
    list_display = ("name", "discount_percentage", "priority_support", "free_shipping", "assignment_rules")
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("name", "description", "assignment_rules", "discount_percentage", "priority_support", "free_shipping")
