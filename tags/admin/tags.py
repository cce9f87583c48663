"""Tags in Django admin. Changes go through the same actions as those of the API."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.authentication import user_of
from core.admin.readonly import ReadOnlyAdmin
from core.admin.refusals import RefusalsAdmin
from customers.admin.searching import FoundByCustomer
from tags.actions.tags import create_tags, delete_tags, rename_tag
from tags.models import CustomerTag, Tag
from tags.serializers import MAX_TAGS


@admin.register(Tag)
class TagAdmin(RefusalsAdmin):
    fields = ("name",)
    list_display = ("name", "is_system_tag", "created_by", "created_at")
    list_select_related = ("created_by",)
    search_fields = ("folded",)
    ordering = ("name_key",)

    @admin.display(boolean=True, description="system")
    def is_system_tag(self, tag: Tag) -> bool:
        return tag.is_system

    # System tags belong to a source: they keep their name and cannot be deleted.
    def has_change_permission(self, request: HttpRequest, obj: Tag | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj is not None and obj.is_system)

    def has_delete_permission(self, request: HttpRequest, obj: Tag | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj is not None and obj.is_system)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset & Tag.objects.search(search_term), False

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        name = form.cleaned_data["name"]
        if change:
            rename_tag(tag_id=obj.pk, name=name, actor=user_of(request))
        else:
            obj.pk = create_tags(names=[name], actor=user_of(request))[0].pk

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Names only the tags; Django would list every customer who has one."""
        tags = [tag for tag in objs if not tag.is_system]
        return [tag.name for tag in tags], {Tag._meta.verbose_name_plural: len(tags)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Tag) -> None:
        delete_tags(tag_ids=[obj.pk], actor=user_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Tag]) -> None:
        ids = list(queryset.values_list("pk", flat=True))
        for start in range(0, len(ids), MAX_TAGS):
            delete_tags(tag_ids=ids[start : start + MAX_TAGS], actor=user_of(request))


@admin.register(CustomerTag)
class CustomerTagAdmin(FoundByCustomer, ReadOnlyAdmin):
    """Which customers were given which tags. System tags follow a customer's source, and are not here."""

    list_display = ("customer", "tag", "created_at")
    list_select_related = ("customer", "tag")
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("tag__folded",)
    search_help_text = "Name, phone, email or number (CUST000001) of the customer, or a tag."
