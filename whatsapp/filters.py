from collections.abc import Sequence
from typing import Annotated, Any

from django import forms
from django.db.models import QuerySet

from core.filters import Filter, FilterSet, TextFilter
from core.folding import ANY_SPELLING, containing
from core.shapes import OneOf
from whatsapp.models import Template

ALL = "ALL"
# What Meta calls a template, and MISSING, which is ours (whatsapp/message_templates.py).
STATUSES = (
    "APPROVED",
    "PENDING",
    "REJECTED",
    "PAUSED",
    "DISABLED",
    "IN_APPEAL",
    "LOCKED",
    "LIMIT_EXCEEDED",
    "PENDING_DELETION",
    "DELETED",
    "ARCHIVED",
    "UNARCHIVED",
    "MISSING",
)
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")


class _WordField(forms.ChoiceField):
    """One of Meta's words, in capitals or not."""

    def __init__(self, *, words: Sequence[str], **options: Any) -> None:
        message = f"%(value)s is unknown. Choose one of {', '.join(words)}."
        super().__init__(
            choices=[(word, word) for word in words], error_messages={"invalid_choice": message}, **options
        )

    def to_python(self, value: Any) -> str:
        return str(value or "").upper()


class _WordFilter(Filter):
    field_class = _WordField

    def __init__(self, *, words: Sequence[str], **options: Any) -> None:
        super().__init__(words=words, **options)
        self.shape = Annotated[str, OneOf(tuple(words))]


class TemplateFilter(FilterSet):
    """`?status= &language= &category= &search=`; without a status those that can be sent."""

    status = _WordFilter(
        words=(*STATUSES, ALL), method="filter_status", label="APPROVED if not given; `all` for every template"
    )
    language = TextFilter(field_name="language", lookup_expr="iexact", label="like en or en_US")
    category = _WordFilter(words=CATEGORIES, field_name="category", lookup_expr="iexact")
    search = TextFilter(method="filter_search", label=f"words that all occur in the name; {ANY_SPELLING}")

    class Meta:
        model = Template
        fields: list[str] = []

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        if data is not None and not data.get("status"):
            data = {**data.dict(), "status": Template.SENDABLE}
        super().__init__(data, *args, **kwargs)

    def filter_status(self, templates: "QuerySet[Template]", name: str, value: str) -> "QuerySet[Template]":
        return templates if value == ALL else templates.filter(status__iexact=value)

    def filter_search(self, templates: "QuerySet[Template]", name: str, value: str) -> "QuerySet[Template]":
        return templates.filter(containing(value, "folded"))
