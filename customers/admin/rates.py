"""Exchange rates in Django admin: one by one, or from a CSV file."""

import io
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from rest_framework.exceptions import ValidationError

from accounts.authentication import user_of
from core.admin.refusals import ActionForm, RefusalsAdmin
from customers.actions.rates import checked_currency, checked_rate, delete_rate, import_rates, save_rate
from customers.models import ExchangeRate
from customers.money import base_currency, rate_text

MAX_FILE_BYTES = 10 * 1024 * 1024


class RateForm(ActionForm):
    def clean_currency(self) -> str:
        return str(_checked(checked_currency, self.cleaned_data["currency"]))

    def clean_rate(self) -> Any:
        return _checked(checked_rate, self.cleaned_data["rate"])


def _checked(check: Any, value: Any) -> Any:
    try:
        return check(value)
    except ValidationError as error:
        found: Any = error.detail
        raise forms.ValidationError([str(text) for text in found])


class ImportForm(forms.Form):
    """A file with rates, and what is wrong with its lines."""

    file = forms.FileField(
        help_text="CSV in UTF-8. Its first line is currency,rate,date and others are like LKR,0.0033,2026-01-31."
    )

    def clean_file(self) -> str:
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE_BYTES:
            raise forms.ValidationError("The file can have at most 10 MB.")
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is not in UTF-8.")


@admin.register(ExchangeRate)
class ExchangeRateAdmin(RefusalsAdmin):
    """What currencies are worth. Orders that have a rate keep it."""

    form = RateForm
    change_list_template = "admin/customers/exchangerate/list.html"
    list_display = ("currency", "worth", "date")
    list_display_links = ("currency", "date")
    search_fields = ("currency",)
    search_help_text = "By currency."
    ordering = ("-date", "currency")
    fields = ("currency", "rate", "date")

    @admin.display(description="one unit is worth", ordering="rate")
    def worth(self, rate: ExchangeRate) -> str:
        return f"{rate_text(rate.rate)} {base_currency()}"

    def save_model(self, request: HttpRequest, obj: ExchangeRate, form: Any, change: bool) -> None:
        before = ExchangeRate.objects.get(pk=obj.pk) if change else None
        given = {name: form.cleaned_data[name] for name in form.changed_data}
        obj.pk = save_rate(actor=user_of(request), known=before, **given).pk

    def delete_model(self, request: HttpRequest, obj: ExchangeRate) -> None:
        delete_rate(rate=obj, actor=user_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ExchangeRate]) -> None:
        for rate in queryset.order_by("pk"):
            delete_rate(rate=rate, actor=user_of(request))

    def get_urls(self) -> list[Any]:
        view = path("import/", self.admin_site.admin_view(self.import_view), name=self._named("import"))
        return [view, *super().get_urls()]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """A form for a file. It is shown again, with what is wrong in which line, if the file was refused."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                count = import_rates(io.StringIO(form.cleaned_data["file"], newline=""), actor=user_of(request))
            except ValidationError as error:
                found: Any = error.detail
                form.add_error("file", [str(text) for text in found["file"]])
            else:
                self.message_user(request, f"{count} {'rate' if count == 1 else 'rates'} imported.")
                return HttpResponseRedirect(reverse(f"admin:{self._named('changelist')}"))
        shown = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Import exchange rates",
            "form": form,
            "base": base_currency(),
        }
        return TemplateResponse(request, "admin/customers/exchangerate/import.html", shown)
