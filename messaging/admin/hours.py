"""Working hours in Django admin."""

from itertools import groupby
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from rest_framework.exceptions import ValidationError

from accounts.audit import audit
from accounts.authentication import user_of
from core.admin.refusals import ActionForm, RefusalsAdmin
from messaging.actions.working_hours import FIELDS, checked_hours, set_working_hours
from messaging.hours import DAYS
from messaging.models import WorkingHours

_WHOLE_DAY = "00:00-24:00"


def _day(name: str) -> forms.CharField:
    return forms.CharField(label=name, required=False, help_text="Such as 09:00-13:00, 14:00-18:00. Empty: closed.")


def _line_of(ranges: list[list[str]]) -> str:
    return ", ".join("-".join(times) for times in ranges)


def _lines_of(week: dict[str, Any]) -> list[str]:
    """Such as `Mon-Fri 09:00-18:00`: a line for days in a row that are alike, none for those that are closed."""
    lines = []
    for line, days in groupby(DAYS, lambda day: _line_of(week.get(day, []))):
        names = [day.title() for day in days]
        if line:
            lines.append(f"{names[0]}-{names[-1]} {line}" if len(names) > 1 else f"{names[0]} {line}")
    return lines


def _ranges_in(line: str) -> list[list[str]]:
    return [[time.strip() for time in part.split("-")] for part in line.split(",") if part.strip()]


class HoursForm(ActionForm):
    """The days of the week as a line each, and the holidays, too."""

    mon, tue, wed, thu = _day("Monday"), _day("Tuesday"), _day("Wednesday"), _day("Thursday")
    fri, sat, sun = _day("Friday"), _day("Saturday"), _day("Sunday")
    holidays = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 4}), help_text="One date a line, such as 2026-12-25."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row: WorkingHours = self.instance
        self.fields["away_message"].help_text = (
            "Goes to whoever writes while it is closed, once in each closed period. If it is closed now, those who "
            "have written since then and still wait get it as soon as you save. Empty: nothing is sent."
        )
        for day in DAYS:
            self.initial[day] = _line_of(row.week.get(day, [])) if row.pk else _WHOLE_DAY
        self.initial["holidays"] = "\n".join(row.holidays)
        if "business_number" in self.fields:
            self.fields["business_number"].empty_label = "All numbers that have none of their own"  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        found["week"] = {day: _ranges_in(found.get(day, "")) for day in DAYS}
        found["holidays"] = found.get("holidays", "").split()
        for day in DAYS:
            if all(len(times) == 2 for times in found["week"][day]):
                self._check("week", {day: found["week"][day]}, day)
            else:
                self.add_error(day, "Write ranges such as 09:00-13:00, 14:00-18:00.")
        if not self.errors:
            self._check("week", found["week"], None)
        for name in ("time_zone", "holidays", "away_message"):
            if name not in self.errors:
                self._check(name, found[name], name)
        if not self.instance.pk and WorkingHours.objects.filter(business_number=found.get("business_number")).exists():
            self.add_error("business_number", "There are working hours for this already. Change those instead.")
        return found

    def _check(self, name: str, value: Any, field: str | None) -> None:
        """Keep a value as it is stored, or show beside the field why it cannot be."""
        try:
            checked = checked_hours({name: value})[name]
        except ValidationError as error:
            self.add_error(field, [str(text) for text in error.detail[name]])  # type: ignore[call-overload]
        else:
            if field not in DAYS:
                self.cleaned_data[name] = checked


@admin.register(WorkingHours)
class WorkingHoursAdmin(RefusalsAdmin):
    """When the desk works, on all numbers or on one."""

    form = HoursForm
    list_display = ("__str__", "time_zone", "open", "away_message")
    search_fields = ("time_zone", "business_number__display", "business_number__external_id")
    list_select_related = ("business_number",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Whose they are stays, and the page is named after it.
        whose = () if obj is not None else ("business_number",)
        return (*whose, "time_zone", *DAYS, "holidays", "away_message")

    @admin.display(description="open")
    def open(self, hours: WorkingHours) -> str:
        return "; ".join(_lines_of(hours.week)) or "never"

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
