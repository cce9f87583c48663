"""Lists in Django admin that stay quick, however large the table is."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.text import capfirst

from core.admin.deleting import counted
from core.folding import containing


class RoughPaginator(Paginator):  # type: ignore[type-arg]  # generic in the stubs only
    """Counts the rows up to MOST: the exact number of a large table costs more than the page, and nobody needs it.

    Rows further back are found by a search, a filter or a date.
    """

    MOST = 10_000

    @cached_property
    def _found(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.MOST + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._found, self.MOST)

    @property
    def has_more(self) -> bool:
        """Whether there are more rows than were counted."""
        return self._found > self.MOST


class ListAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """A page whose list costs the same on a small and on a large table.

    Only the columns in `sortable_by` can be sorted by: those that an index has in order.
    """

    paginator = RoughPaginator
    list_per_page = 50
    show_full_result_count = False
    # Counting what each choice of a filter would show reads the table once for each.
    show_facets = admin.ShowFacets.NEVER

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Called by what it shows, not "Select message to view"."""
        named = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, {**named, **(extra_context or {})})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        fields = self.get_search_fields(request)
        return queryset.filter(containing(search_term, *fields)) if fields else queryset, False

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        return counted(objs, self.model)


class NamedFilter(admin.SimpleListFilter):
    """A filter of a column by values that are named here: looking them up would read the whole table."""

    names: tuple[str, ...] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name.replace("_", " ")) for name in self.names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value()
        return queryset if wanted is None else queryset.filter(**{str(self.parameter_name): wanted})
