"""Customer groups in Django admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework.exceptions import ValidationError

from accounts.authentication import user_of
from core.admin.readonly import ReadOnlyAdmin
from core.admin.refusals import ActionForm, RefusalsAdmin
from customers.actions.groups import delete_group, save_group
from customers.admin.searching import FoundByCustomer
from customers.group_members import check_rules
from customers.models import CustomerGroup, GroupMember


class GroupForm(ActionForm):
    names = ("name",)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        namesakes = CustomerGroup.objects.named(name)
        if namesakes.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("A group with this name already exists.")
        return name

    def clean_assignment_rules(self) -> Any:
        try:
            return check_rules(self.cleaned_data["assignment_rules"] or {})
        except ValidationError as error:
            raise forms.ValidationError([str(text) for text in error.detail])


@admin.register(CustomerGroup)
class GroupAdmin(RefusalsAdmin):
    """Groups and their rules. Customers are added and removed in their list and on their pages, or match the rules."""

    form = GroupForm
    list_display = ("name", "discount_percentage", "priority_support", "free_shipping", "assignment_rules")
    search_fields = ("folded",)
    ordering = ("name",)
    fields = ("name", "description", "assignment_rules", "discount_percentage", "priority_support", "free_shipping")

    def save_model(self, request: HttpRequest, obj: CustomerGroup, form: Any, change: bool) -> None:
        before = CustomerGroup.objects.get(pk=obj.pk) if change else None
        given = {name: form.cleaned_data[name] for name in form.changed_data}
        obj.pk = save_group(actor=user_of(request), group=before, **given).pk

    def delete_model(self, request: HttpRequest, obj: CustomerGroup) -> None:
        delete_group(group=obj, actor=user_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CustomerGroup]) -> None:
        for group in queryset.order_by("pk"):
            delete_group(group=group, actor=user_of(request))


@admin.register(GroupMember)
class GroupMemberAdmin(FoundByCustomer, ReadOnlyAdmin):
    """Customers who were added to a group by hand. Those who match its rules are not here."""

    list_display = ("customer", "group", "added_by", "added_at")
    list_filter = ("group",)
    list_select_related = ("customer", "group", "added_by")
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("group__folded",)
