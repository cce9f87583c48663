"""Customers in Django admin. Changes go through the same actions as those of the API."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import ForeignKey, Q, QuerySet
from django.forms import ModelChoiceField
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import localize

from accounts.admin.people import offer
from accounts.authentication import user_of
from accounts.models import User
from core.admin.refusals import ActionForm, RefusalsAdmin
from core.filters import MAX_ID
from core.spreadsheets import csv_lines
from customers.actions.customers import create_customer, erase_customer, update_customer
from customers.admin.filters import CustomersOwnerFilter, GroupFilter, StateFilter
from customers.admin.registry import BUTTONS, LIST_ACTIONS, LIST_FILTERS, add_list_actions, section_named
from customers.admin.row_actions import (
    ASSIGN,
    CONFIRM_PHONE,
    END_VIP,
    ERASE,
    JOIN_GROUP,
    LEAVE_GROUP,
    MAKE_VIP,
    POINTS,
    TIER,
    VERIFY,
)
from customers.admin.section_page import section_page, tabs
from customers.export import archive
from customers.models import NO_MESSAGE_YET, Customer, customer_number, survivor_id
from customers.reports import csv_rows
from customers.serializers.profiles import ProfileWriteSerializer

# Checked by the action, which knows more than the field.
_NOT_CHECKED = frozenset({"phone", "owner"})


class CustomerForm(ActionForm):
    """The fields of a customer that admins set, by the rules of the API's profiles."""

    class Meta:
        labels = {
            "username": "Handle",
            "is_active": "Active: may sign in",
            "is_verified": "Verified",
            "is_vip": "VIP",
            "nic": "NIC",
            "accepts_marketing_email": "Wants marketing by email",
            "accepts_marketing_sms": "Wants marketing by SMS",
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        given = {name: cleaned[name] for name in self.changed_data if name in cleaned and name not in _NOT_CHECKED}
        rules = ProfileWriteSerializer(data=given, partial=True)
        if not rules.is_valid():
            for name, texts in rules.errors.items():
                self.add_error(name, [str(text) for text in texts])
        else:
            cleaned.update(rules.validated_data)
        return cleaned


def _advertisement(referral: dict[str, Any] | None) -> str:
    """What Meta said of an advertisement, for a line of the page."""
    if referral is None:
        return "-"
    said = (referral.get(name) for name in ("headline", "source_id", "source_url"))
    return " · ".join([*(str(part) for part in said if part), _moment(datetime.fromisoformat(referral["at"]))])


def _moment(at: datetime) -> str:
    return str(localize(timezone.localtime(at)))


@admin.action(description="Export as CSV")
def export_csv(page: RefusalsAdmin, request: HttpRequest, queryset: "QuerySet[Customer]") -> HttpResponseBase:
    """The file that the API makes, line by line: it may be of all customers."""
    headers = {"Content-Disposition": 'attachment; filename="customers.csv"', "Cache-Control": "private, no-store"}
    lines = csv_lines(csv_rows(queryset.select_related("owner")))
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


add_list_actions(
    ASSIGN, CONFIRM_PHONE, VERIFY, MAKE_VIP, END_VIP, TIER, POINTS, JOIN_GROUP, LEAVE_GROUP, ERASE
)  # fmt: skip
LIST_ACTIONS.append(export_csv)
LIST_FILTERS.extend(("source", CustomersOwnerFilter, StateFilter, "loyalty_tier", GroupFilter))


@admin.register(Customer)
class CustomerAdmin(RefusalsAdmin):
    form = CustomerForm
    change_form_template = "admin/customers/customer/details.html"
    list_display = ("customer_id", "name", "phone", "owner_name", "flags", "last_message")
    list_display_links = ("customer_id", "name")
    list_filter = LIST_FILTERS
    list_select_related = ("owner",)
    search_fields = ("folded",)
    search_help_text = "By name, handle, email, phone or customer id."
    ordering = ("-id",)
    date_hierarchy = "date_joined"
    sortable_by = ("customer_id", "last_message")
    # A phone that is saved here is vouched for; so is one that the action confirms.
    readonly_fields = ("phone_trusted", "phone_verified", "pending_phone", "first_ad", "latest_ad", "blocked")
    autocomplete_fields = ("owner",)
    renamed = {"salesperson": "owner"}
    actions = LIST_ACTIONS
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("first_name", "last_name"),
                    ("username", "email"),
                    "phone",
                    ("phone_trusted", "phone_verified", "pending_phone"),
                    "source",
                    ("first_ad", "latest_ad"),
                    "owner",
                    "notes",
                )
            },
        ),
        ("State", {"fields": (("is_active", "is_verified", "is_vip"), "loyalty_tier", "blocked")}),
        (
            "About them",
            {
                "classes": ("collapse",),
                "fields": (
                    ("nic", "gender", "date_of_birth"),
                    ("preferred_language", "preferred_currency"),
                    ("accepts_marketing_email", "accepts_marketing_sms"),
                ),
            },
        ),
    )

    @admin.display(description="number", ordering="pk")
    def customer_id(self, customer: Customer) -> str:
        return customer.customer_id

    @admin.display(description="owner")
    def owner_name(self, customer: Customer) -> str:
        return customer.owner.name if customer.owner else "-"

    @admin.display(description="flags")
    def flags(self, customer: Customer) -> str:
        """What stands out about them."""
        found = {
            "blocked": customer.blocked_at is not None,
            "VIP": customer.is_vip,
            "verified": customer.is_verified,
            "switched off": not customer.is_active,
        }
        return ", ".join(name for name, is_so in found.items() if is_so) or "-"

    @admin.display(description="blocked")
    def blocked(self, customer: Customer) -> str:
        """Since when they are, and why the provider did not do what it was asked last."""
        since = f"since {_moment(customer.blocked_at)}" if customer.blocked_at is not None else "no"
        error = customer.block_error
        return since if error is None else f"{since}. {error['title']}. {error['detail']}".rstrip()

    @admin.display(description="first advertisement")
    def first_ad(self, customer: Customer) -> str:
        return _advertisement(customer.referral_first)

    @admin.display(description="latest advertisement")
    def latest_ad(self, customer: Customer) -> str:
        return _advertisement(customer.referral_last)

    @admin.display(description="last message", ordering="desk_at")
    def last_message(self, customer: Customer) -> datetime | None:
        return customer.desk_at if customer.desk_at != NO_MESSAGE_YET else None

    def row_name(self, row: Customer) -> str:
        return f"{row.name} ({row.customer_id})"

    def offers(self, action: str, row: Customer) -> bool:
        return action in BUTTONS and BUTTONS[action](row)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset & Customer.objects.search(search_term), False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if isinstance(db_field, ForeignKey) and db_field.name == "owner" and isinstance(field, ModelChoiceField):
            # A current owner who is no longer an active salesperson stays valid until somebody else is chosen.
            owners = Customer.objects.exclude(owner=None).values("owner")
            offer(field, User.objects.filter(Q(pk__in=User.objects.sellers()) | Q(pk__in=owners)))
        return field

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "owner" and field is not None:
            # A login is not made or changed in passing.
            field.widget.can_add_related = field.widget.can_change_related = False
        return field

    def get_urls(self) -> list[Any]:
        export = path("<int:pk>/export/", self.admin_site.admin_view(self.export_view), name=self._named("export"))
        return [export, *super().get_urls()]

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Everything known about a customer, as a ZIP."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        customer = Customer.objects.filter(pk=pk).select_related("user", "owner").first()
        if customer is None:
            return self.gone(request)
        headers = {"Cache-Control": "private, no-store"}
        return FileResponse(
            archive(customer), as_attachment=True, filename=f"{customer.customer_id}.zip", headers=headers
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        section = section_named(request.GET.get("section", ""))
        customer = self.get_object(request, object_id)
        if customer is None:
            return self._survivor(request, object_id)
        if section is not None:
            if not self.has_view_permission(request, customer):
                raise PermissionDenied
            return section_page(self, request, customer, section)
        shown = {**(extra_context or {}), "tabs": tabs(customer, ""), "title": customer.name}
        return super().change_view(request, object_id, form_url, shown)

    def _survivor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show whom a merged row became part of. A row that is not there at all is said on the list."""
        into = survivor_id(int(object_id)) if object_id.isdecimal() and int(object_id) <= MAX_ID else None
        if into is None:
            return self.gone(request)
        self.message_user(request, f"{customer_number(int(object_id))} became part of this customer.")
        return HttpResponseRedirect(reverse(f"admin:{self._named('change')}", args=[into]))

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        changed = {field: form.cleaned_data[field] for field in form.changed_data}
        if change:
            update_customer(customer_id=obj.pk, actor=user_of(request), changes=changed)
        else:
            # The other fields of the form have their defaults.
            obj.pk = create_customer(actor=user_of(request), **changed).pk

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # "Erase" does what it would do, and reports on each.
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def delete_model(self, request: HttpRequest, obj: Customer) -> None:
        erase_customer(customer_id=obj.pk, actor=user_of(request))
