"""One section of a customer's page in Django admin: what it shows, and what can be done there."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from core.admin.actions import ActionsAdmin, RowAction, RowForm
from core.admin.reasons import REFUSALS, add_reasons, reasons_of
from customers.admin.registry import Section, sections
from customers.models import Customer


def section_url(customer: Customer, section: str) -> str:
    """The address of a section of a customer's page."""
    return f"{reverse('admin:customers_customer_change', args=[customer.pk])}?section={section}"


def section_page(page: ActionsAdmin, request: HttpRequest, customer: Customer, section: Section) -> HttpResponse:
    """Show a section, or do what one of its forms asks for and then show it again.

    A form that is refused keeps what was entered. What takes something away is asked about on a page of its own.
    """
    if request.method != "POST":
        return _show(page, request, customer, section, {})
    if not page.has_change_permission(request, customer):
        raise PermissionDenied
    action = section.action(request.POST.get("do", ""))
    if action is None:
        return HttpResponseRedirect(section_url(customer, section.name))
    form = action.form(request.POST, request.FILES, row=customer)
    asking = action.harmful and "confirmed" not in request.POST
    foreseen: Sequence[str] = ()
    if form.is_valid():
        try:
            if asking and action.foresee is not None:
                foreseen = action.foresee(customer, form.cleaned_data)
            text = "" if asking else action.act(customer, request.user, form.cleaned_data)
        except REFUSALS as refused:
            add_reasons(form, reasons_of(refused))
        else:
            if not asking:
                page.message_user(request, _done(action, text), messages.SUCCESS)
                return HttpResponseRedirect(section_url(customer, section.name))
    if action.harmful and (form.visible_fields() or not form.errors):
        return _ask(page, request, customer, section, action, form, foreseen)
    return _show(page, request, customer, section, {action.name: form})


def tabs(customer: Customer, current: str) -> list[dict[str, Any]]:
    """The sections of a customer's page, for its tabs. The form with the details is the first."""
    change = reverse("admin:customers_customer_change", args=[customer.pk])
    named = [("", "Details", change)]
    named += [(section.name, section.title, f"{change}?section={section.name}") for section in sections()]
    return [{"title": title, "url": url, "current": name == current} for name, title, url in named]


def _show(
    page: ActionsAdmin, request: HttpRequest, customer: Customer, section: Section, filled: dict[str, RowForm]
) -> HttpResponse:
    forms = {action.name: filled.get(action.name) or action.form(row=customer) for action in section.actions}
    context = _context(page, request, customer, section) | {
        **section.shown(request, customer),
        "forms": forms,
        "actions": {action.name: action for action in section.actions},
        # Forms that stand beside each row show nothing that was entered: their refusal is said above the page.
        "refused": [form for form in filled.values() if not form.visible_fields()],
    }
    context["media"] = sum((form.media for form in forms.values()), page.media)
    return TemplateResponse(request, section.template, context)


def _ask(
    page: ActionsAdmin,
    request: HttpRequest,
    customer: Customer,
    section: Section,
    action: RowAction,
    form: RowForm,
    foreseen: Sequence[str],
) -> HttpResponse:
    context = _context(page, request, customer, section) | {"action": action, "form": form, "foreseen": foreseen}
    context["media"] = page.media + form.media
    return TemplateResponse(request, "admin/customers/customer/ask.html", context)


def _context(page: ActionsAdmin, request: HttpRequest, customer: Customer, section: Section) -> dict[str, Any]:
    return {
        **page.admin_site.each_context(request),
        "title": customer.name,
        "subtitle": section.title,
        "opts": page.opts,
        "customer": customer,
        "section": section,
        "tabs": tabs(customer, section.name),
        "section_url": section_url(customer, section.name),
    }


def _done(action: RowAction, text: str) -> str:
    return f"{action.done.capitalize()}: {text}" if text else f"{action.done.capitalize()}."
