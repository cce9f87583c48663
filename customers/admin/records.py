"""What hangs off a customer, in Django admin: orders, addresses, loyalty points, wishes, reviews, phone codes."""

from django.contrib import admin

from core.admin.lists import NamedFilter
from core.admin.readonly import ReadOnlyAdmin
from customers.admin.searching import HELP, FoundByCustomer
from customers.models import Address, LoyaltyEntry, Order, PhoneCode, Review, WishlistItem
from customers.money import shown


class CustomerRecordsAdmin(FoundByCustomer, ReadOnlyAdmin):
    """Read-only, because totals, defaults and balances only follow changes made through the API."""

    sortable_by = ()
    ordering = ("-pk",)


@admin.register(Order)
class OrderAdmin(CustomerRecordsAdmin):
    list_display = ("number", "customer", "status", "amount", "base_total", "placed_at")
    list_filter = ("status",)
    search_fields = ("number",)
    search_help_text = f"{HELP}, or the number of the order."

    @admin.display(description="total")
    def amount(self, order: Order) -> str:
        return f"{shown(order.total, order.currency)} {order.currency}"


@admin.register(Address)
class AddressAdmin(CustomerRecordsAdmin):
    list_display = ("customer", "address_type", "address_line1", "city", "country", "is_default")
    list_filter = ("address_type", "is_default")
    search_fields = ("folded",)
    search_help_text = f"{HELP}, or a street, city or postal code."


@admin.register(LoyaltyEntry)
class LoyaltyEntryAdmin(CustomerRecordsAdmin):
    list_display = ("customer", "points", "points_after", "tier_before", "tier_after", "reason", "actor", "created_at")
    list_filter = ("tier_after",)
    list_select_related = ("customer", "actor")
    search_fields = ("folded",)
    search_help_text = f"{HELP}, or the reason."


@admin.register(WishlistItem)
class WishlistItemAdmin(CustomerRecordsAdmin):
    list_display = ("customer", "product_id", "name", "added_at")
    search_fields = ("folded",)
    search_help_text = f"{HELP}, or the product."


class RatingFilter(NamedFilter):
    title = parameter_name = "rating"
    names = ("1", "2", "3", "4", "5")


@admin.register(Review)
class ReviewAdmin(CustomerRecordsAdmin):
    list_display = ("customer", "product_id", "rating", "text", "created_at")
    list_filter = (RatingFilter,)
    search_fields = ("folded",)
    search_help_text = f"{HELP}, the product, or words of the review."


@admin.register(PhoneCode)
class PhoneCodeAdmin(CustomerRecordsAdmin):
    """The code last sent to each customer's phone: whether it left, and why not. Never the code."""

    list_display = ("customer", "phone", "state", "error", "attempts", "tries", "expires_at")
    list_filter = ("state",)
    search_fields = ("phone",)
    ordering = ("-expires_at",)
    fields = list_display
