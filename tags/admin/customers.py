"""Tags among the customers in Django admin: given to those selected in the list, and on each one's page."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.http import HttpRequest

from accounts.models import User
from core.admin.actions import ItemForm, RowAction, RowForm
from customers.admin.filters import NAMED, PickedFilter
from customers.admin.registry import LIST_FILTERS, Section, add_list_actions, add_section
from customers.models import Customer
from tags.actions.customer_tags import add_tags, remove_tag, remove_tags
from tags.models import CustomerTag, Tag, by_name, carrying
from tags.serializers import MAX_TAGS

Given = Mapping[str, Any]


class TagsForm(RowForm):
    """Which tags: found by their names, because there may be thousands."""

    tags = forms.ModelMultipleChoiceField(
        Tag.objects.all(),
        widget=AutocompleteSelectMultiple(CustomerTag._meta.get_field("tag"), admin.site),
        help_text="Type a part of the name.",
    )

    def clean_tags(self) -> Any:
        tags = self.cleaned_data["tags"]
        if len(tags) > MAX_TAGS:
            raise forms.ValidationError(f"Choose at most {MAX_TAGS} tags.")
        return tags


def _add(customer: Customer, actor: User, given: Given) -> str:
    change = add_tags(customer_id=customer.pk, tag_ids=[tag.pk for tag in given["tags"]], actor=actor)
    return ", ".join(tag.name for tag in change.added) or "They were there already."


def _remove(customer: Customer, actor: User, given: Given) -> str:
    change = remove_tags(customer_id=customer.pk, tag_ids=[tag.pk for tag in given["tags"]], actor=actor)
    return ", ".join(tag.name for tag in change.removed) or "They were not there."


def _remove_one(customer: Customer, actor: User, given: Given) -> str:
    return remove_tag(customer_id=customer.pk, tag_id=given["item"], actor=actor).name


ADD_TAGS = RowAction("add_tags", "Add tags", _add, done="tagged", form=TagsForm)
REMOVE_TAGS = RowAction("remove_tags", "Take tags away", _remove, done="untagged", form=TagsForm)
REMOVE_ONE = RowAction("remove_tag", "Take away", _remove_one, done="taken away", form=ItemForm)


def _tags(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    return {"tags": by_name(Tag.objects.of_customer(customer.pk, customer.source))}


class TagFilter(PickedFilter):
    """Those who have a tag, given or by their source."""

    title = "tag"
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(pk), name) for pk, name in Tag.objects.by_name().values_list("pk", "name")[:NAMED]]

    def belonging(self, queryset: Any, pk: int) -> Any:
        tag = Tag.objects.filter(pk=pk).first()
        return queryset.none() if tag is None else carrying(queryset, tag)


LIST_FILTERS.append(TagFilter)
add_list_actions(ADD_TAGS, REMOVE_TAGS)
add_section(Section("tags", "Tags", 40, "admin/tags/customer.html", _tags, (ADD_TAGS, REMOVE_ONE)))
