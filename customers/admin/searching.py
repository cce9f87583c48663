"""Lists in Django admin whose rows are found by their customer."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.models import User
from core.admin.lists import ListAdmin
from core.filters import whole_number
from core.folding import containing
from customers.models import Customer

# How many of the customers that a text matches are looked for. Whoever finds more needs another word.
MOST_CUSTOMERS = 1_000

HELP = "Name, phone, email or number (CUST000001) of the customer"


class FoundByCustomer(ListAdmin):
    """Its rows belong to a customer, and are found by what people know of one. `search_fields` are its own columns."""

    customer_path = "customer"
    list_select_related: ClassVar[Any] = ("customer",)
    search_help_text = f"{HELP}."

    def get_search_fields(self, request: HttpRequest) -> Any:
        # Django shows a search box only if there is a field.
        return super().get_search_fields(request) or ("pk",)

    def row_name(self, row: Any) -> str:
        """What actions call a row: whose it is, and what."""
        customer = row
        for step in self.customer_path.split("__"):
            customer = getattr(customer, step)
        return f"{customer.name}: {self.own_name(row)}"

    def own_name(self, row: Any) -> str:
        """What a row is called beside the name of its customer."""
        return str(row)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term:
            return queryset, False
        found = Q(**{f"{self.customer_path}__in": customers_found(search_term)})
        if self.search_fields:
            found |= containing(search_term, *self.search_fields)
        return queryset.filter(found), False


def customers_found(text: str) -> list[int]:
    """The ids of the newest customers that a search finds."""
    return list(Customer.objects.search(text).order_by("-pk").values_list("pk", flat=True)[:MOST_CUSTOMERS])


class OwnerFilter(admin.SimpleListFilter):
    """Rows of the customers of a salesperson. Names the active ones: nobody looks up all the others here."""

    title = "owner"
    parameter_name = "owner"
    path = "customer__owner"
    # The choice for rows without one; empty: none is offered.
    nobody = "nobody"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        sellers = User.objects.sellers().by_name()
        return [*([("none", self.nobody)] if self.nobody else []), *((str(user.pk), user.name) for user in sellers)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value()
        if wanted is None:
            return queryset
        if wanted == "none":
            return queryset.filter(**{self.path: None})
        pk = whole_number(wanted)
        return queryset.filter(**{self.path: pk}) if pk is not None else queryset.none()
