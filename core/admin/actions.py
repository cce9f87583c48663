"""What an admin does to rows in Django admin: asked for on a page of its own, and reported row by row.

A RowAction says what it does to one row, through the same action as the API. `for_selected` makes it an action of a
list; a page about one row can offer it as a form.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from core.admin.lists import ListAdmin
from core.admin.reasons import GONE, REFUSALS, reason_of
from core.filters import MAX_ID

# How many rows one request changes: some seconds of work, each row in a transaction of its own.
MOST = 500
_NAMED = 20
_REPORT = "admin_report"
# Names of the form's fields begin with it, so that they are not taken for those of the list.
PREFIX = "given"


class RowForm(forms.Form):
    """What has to be known for a RowAction. `row` is the row it is about; None if there are several."""

    prefix = PREFIX

    def __init__(self, *args: Any, row: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row


class ItemForm(RowForm):
    """Which of a row's own rows is meant: the button beside it says so."""

    item = forms.IntegerField(min_value=1, max_value=MAX_ID, widget=forms.HiddenInput)


# Does it to a row, for a user, with what the form was given. Returns what there is to say about this row, or "".
Act = Callable[[Any, Any, Mapping[str, Any]], str]


@dataclass(frozen=True)
class RowAction:
    """Something that can be done to a row. `act` calls an action of the API's and lets its refusals through."""

    name: str
    label: str
    act: Act
    # How a report counts the rows: "12 handed over, 1 refused".
    done: str
    form: type[RowForm] = RowForm
    # What to know before doing it.
    asks: str = ""
    # Whether it takes something away: then it asks first on a page about one row, too.
    harmful: bool = False
    # What it would do to a row, in lines for that page.
    foresee: Callable[[Any, Mapping[str, Any]], Sequence[str]] | None = None


class ActionsAdmin(ListAdmin):
    """A list that may have actions made by `for_selected`."""

    def row_name(self, row: Any) -> str:
        """What a row is called where actions name it."""
        return str(row)

    def offers(self, action: str, row: Any) -> bool:
        """Whether the page of a row offers this action of the list as a button. It asks first."""
        return False

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        row = context.get("original")
        listed = self.get_actions(request).items() if row is not None else ()
        context["row_actions"] = [
            {"name": name, "label": found[2], "harmful": getattr(found[0], "harmful", False)}
            for name, found in listed
            if found and self.offers(name, row)
        ]
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page

    def response_action(  # type: ignore[override]  # the stubs are those of a later Django
        self, request: HttpRequest, queryset: "QuerySet[Any]"
    ) -> HttpResponse | None:
        if not all(map(self._may_be_id, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            self.message_user(request, GONE, messages.ERROR)
            return None
        answer: HttpResponse | None = super().response_action(request, queryset)
        return answer

    def _may_be_id(self, text: str) -> bool:
        try:
            pk = self.opts.pk.to_python(text)
        except ValidationError:
            return False
        return not isinstance(pk, int) or 0 < pk <= MAX_ID

    def get_urls(self) -> list[Any]:
        report = path("done/", self.admin_site.admin_view(self.report_view), name=self._named("done"))
        return [report, *super().get_urls()]

    def report_view(self, request: HttpRequest) -> HttpResponse:
        """What became of each row of the action that this admin did last."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        report = request.session.get(_REPORT)
        if report is None or report["of"] != self.opts.label_lower:
            return HttpResponseRedirect(reverse(f"admin:{self._named('changelist')}"))
        names = self._names(row["pk"] for row in report["rows"])
        rows = [{**row, "name": names.get(row["pk"], f"#{row['pk']}")} for row in report["rows"]]
        rows.sort(key=lambda row: row["ok"])
        context = self._context(request, report["label"]) | {"report": report, "rows": rows}
        context["change_url"] = f"admin:{self._named('change')}"
        context["summary"] = summary(report["done"], [row["ok"] for row in rows])
        return TemplateResponse(request, "admin/core/report.html", context)

    def _names(self, pks: Any) -> dict[str, str]:
        rows: Any = self.get_queryset_for_names().in_bulk(list(pks))
        return {str(pk): self.row_name(row) for pk, row in rows.items()}

    def get_queryset_for_names(self) -> Any:
        """The rows a report names, with what `row_name` reads."""
        related = self.list_select_related
        rows = self.model._default_manager.all()
        return rows.select_related(*related) if isinstance(related, list | tuple) else rows

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "title": title, "opts": self.opts}

    def _named(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"


def for_selected(action: RowAction, *, permissions: Sequence[str] = ()) -> Callable[..., HttpResponse]:
    """An action for the list of an ActionsAdmin: asks first, does it to MOST rows at the most, reports on each."""

    def run(page: ActionsAdmin, request: HttpRequest, queryset: "QuerySet[Any]") -> HttpResponse:
        if "confirmed" not in request.POST:
            return _ask(page, request, queryset, action, action.form())
        form = action.form(request.POST, request.FILES)
        if not form.is_valid():
            return _ask(page, request, queryset, action, form)
        return _do(page, request, queryset, action, form.cleaned_data)

    run.__name__ = action.name
    run.__doc__ = action.asks
    vars(run)["harmful"] = action.harmful
    return admin.action(run, description=action.label, permissions=permissions or None)


def outcome(action: RowAction, row: Any, user: Any, given: Mapping[str, Any]) -> tuple[bool, str]:
    """Do it to a row. Return whether it was done, and what there is to say about it."""
    try:
        return True, action.act(row, user, given)
    except REFUSALS as refused:
        return False, reason_of(refused)


def summary(done: str, oks: Collection[bool]) -> str:
    """How it went, in numbers: `12 handed over, 1 refused`."""
    good = sum(oks)
    parts = [(good, done), (len(oks) - good, "refused")]
    return ", ".join(f"{count} {word}" for count, word in parts if count) or "Nothing was selected"


def _ask(
    page: ActionsAdmin, request: HttpRequest, queryset: "QuerySet[Any]", action: RowAction, form: RowForm
) -> HttpResponse:
    found = list(_ordered(queryset).values_list("pk", flat=True)[: MOST + 1])
    chosen = found[:MOST]
    rows = page.get_queryset_for_names().in_bulk(chosen[:_NAMED])
    context = page._context(request, action.label) | {
        "action": action,
        "form": form,
        "media": page.media + form.media,
        "chosen": chosen,
        "names": [page.row_name(rows[pk]) for pk in chosen[:_NAMED] if pk in rows],
        "unnamed": max(len(chosen) - _NAMED, 0),
        "most": MOST if len(found) > MOST else None,
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/core/confirm.html", context)


def _do(
    page: ActionsAdmin, request: HttpRequest, queryset: "QuerySet[Any]", action: RowAction, given: Mapping[str, Any]
) -> HttpResponse:
    """Do it to the rows and show the report, by a redirect so that loading it again does nothing twice.

    The report is in the session and names no row: what is erased later would be named there.
    """
    asked = request.POST.getlist(ACTION_CHECKBOX_NAME)[:MOST]
    rows = {str(row.pk): row for row in queryset.filter(pk__in=asked)}
    report = []
    for pk in asked:
        ok, text = outcome(action, rows[pk], request.user, given) if pk in rows else (False, GONE)
        report.append({"pk": pk, "ok": ok, "text": text})
    request.session[_REPORT] = {
        "of": page.opts.label_lower,
        "label": action.label,
        "done": action.done,
        "back": request.get_full_path(),
        "rows": report,
    }
    return HttpResponseRedirect(reverse(f"admin:{page._named('done')}"))


def _ordered(queryset: "QuerySet[Any]") -> "QuerySet[Any]":
    return queryset if queryset.ordered else queryset.order_by("pk")
