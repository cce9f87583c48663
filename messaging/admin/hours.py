"""Working hours in Django admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from rest_framework.exceptions import ValidationError

from accounts.audit import audit
from accounts.authentication import user_of
from core.admin.refusals import ActionForm, RefusalsAdmin
from messaging.actions.working_hours import FIELDS, checked_hours, set_working_hours
from messaging.models import WorkingHours


class HoursForm(ActionForm):
    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        for name in FIELDS:
            if name in found and name not in self.errors:
                try:
                    found[name] = checked_hours({name: found[name]})[name]
                except ValidationError as error:
                    self.add_error(name, forms.ValidationError([str(text) for text in error.detail[name]]))  # type: ignore[call-overload]
        number = found.get("business_number")
        others = WorkingHours.objects.filter(business_number=number).exclude(pk=self.instance.pk)
        if others.exists():
            self.add_error("business_number", "There are working hours of this already.")
        return found


@admin.register(WorkingHours)
class WorkingHoursAdmin(RefusalsAdmin):
    """When the desk works, on all numbers or on one."""

    form = HoursForm
    list_display = ("__str__", "time_zone", "away_message")
    search_fields = ("time_zone", "business_number__display", "business_number__external_id")
    list_select_related = ("business_number",)
    fields = ("business_number", *FIELDS)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("business_number",) if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: WorkingHours, form: Any, change: bool) -> None:
        fields = {name: form.cleaned_data[name] for name in FIELDS}
        row = set_working_hours(number=obj.business_number, actor=user_of(request), fields=fields)
        obj.pk = row.pk
        obj._state.adding = False

    def delete_model(self, request: HttpRequest, obj: WorkingHours) -> None:
        audit("working_hours_deleted", obj, actor=user_of(request))
        obj.delete()

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            self.delete_model(request, row)
