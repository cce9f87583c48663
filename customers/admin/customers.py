"""Customers in Django admin. Changes go through the same actions as those of the API."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import ForeignKey, Q, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest
from rest_framework.exceptions import ValidationError

from accounts.authentication import user_of
from accounts.models import User
from core.admin.reasons import texts_of
from core.admin.refusals import RefusalsAdmin
from customers.actions.customers import create_customer, erase_customer, update_customer
from customers.actions.phones import confirm_phone
from customers.models import Assignment, Customer


class AssignmentInline(admin.TabularInline):  # type: ignore[type-arg]  # generic in the stubs only
    model = Assignment
    extra = 0
    can_delete = False
    fields = ("salesperson", "assigned_by", "note", "assigned_at", "ended_at")
    readonly_fields = fields
    ordering = ("-assigned_at", "-id")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Customer)
class CustomerAdmin(RefusalsAdmin):
    list_display = ("customer_id", "name", "phone", "email", "source", "owner", "is_active", "date_joined")
    list_filter = ("source", "is_active", "is_vip", "loyalty_tier")
    list_select_related = ("owner",)
    search_fields = ("search_text",)
    ordering = ("-id",)
    show_full_result_count = False
    inlines = (AssignmentInline,)
    # A phone that is saved here is vouched for; so is one that the action confirms.
    readonly_fields = ("phone_trusted", "phone_verified", "pending_phone")
    actions = ("confirm_phones",)
    fields = (
        ("first_name", "last_name"),
        ("username", "email"),
        ("phone", "phone_trusted", "phone_verified", "pending_phone"),
        "source",
        "notes",
        ("is_active", "is_verified", "is_vip"),
        "loyalty_tier",
        "owner",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset & Customer.objects.search(search_term), False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if isinstance(db_field, ForeignKey) and db_field.name == "owner" and isinstance(field, ModelChoiceField):
            # A current owner who is no longer an active salesperson stays valid until somebody else is chosen.
            owners = Customer.objects.exclude(owner=None).values("owner")
            field.queryset = User.objects.filter(Q(pk__in=User.objects.sellers()) | Q(pk__in=owners))
        return field

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        changed = {field: form.cleaned_data[field] for field in form.changed_data}
        if change:
            update_customer(customer_id=obj.pk, actor=user_of(request), changes=changed)
        else:
            # The other fields of the form have their defaults.
            obj.pk = create_customer(actor=user_of(request), **changed).pk

    @admin.action(description="Confirm the phone of the selected customers")
    def confirm_phones(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        """Vouch for what they claim, or for a phone that is not trusted. Says whose was refused, and why."""
        for customer in queryset.order_by("pk"):
            try:
                confirm_phone(customer_id=customer.pk, actor=user_of(request))
            except ValidationError as refused:
                self.message_user(request, f"{customer}: {' '.join(texts_of(refused.detail))}", messages.ERROR)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        deleted, counts, _, protected = super().get_deleted_objects(objs, request)
        # Erasing a person also deletes rows that nobody may delete on their own.
        return deleted, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: Customer) -> None:
        erase_customer(customer_id=obj.pk, actor=user_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        for pk in queryset.order_by("pk").values_list("pk", flat=True):
            erase_customer(customer_id=pk, actor=user_of(request))
