from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from accounts.authentication import user_of
from core.admin.actions import for_selected
from core.admin.refusals import RefusalsAdmin
from messaging.actions.number_holds import holding
from messaging.models import UNTIL_RESUMED, BusinessNumber, NumberHold, PauseKind
from messaging.serializers.numbers import health_of
from whatsapp.access_tokens import access_of
from whatsapp.admin.message_templates import say_asked
from whatsapp.admin.number_actions import ASK, PAUSE, RESUME
from whatsapp.admin.number_form import BusinessNumberForm
from whatsapp.message_templates import accounts
from whatsapp.models import NumberProfile
from whatsapp.number_changes import save_number
from whatsapp.number_profiles import change_profile
from whatsapp.template_syncs import ask_for_templates


def _lines(said: Iterable[tuple[str, datetime | None]]) -> str:
    """Texts, one in a line, each with its end."""
    ends = ((text, f" Until {date_format(until, 'DATETIME_FORMAT')}." if until else "") for text, until in said)
    return format_html_join(mark_safe("<br>"), "{}{}", ends) or "-"


def _profile_of(number: BusinessNumber) -> NumberProfile:
    """The profile as far as it is known: Meta may not have been asked."""
    found: NumberProfile | None = NumberProfile.objects.filter(number=number.pk).first()
    return found if found is not None else NumberProfile(due=False)


class PausedFilter(admin.SimpleListFilter):
    title = "sending"
    parameter_name = "paused"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "paused")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[BusinessNumber]") -> "QuerySet[BusinessNumber]":
        return queryset & BusinessNumber.objects.paused(timezone.now()) if self.value() == "yes" else queryset


# What the page shows and nobody can write.
_SHOWN = (
    *("sends", "pause_kind", "lasts", "reason", "held_by"),
    *("verified_name", "quality", "facts", "restrictions", "notices"),
    *("vertical", "shown_picture", "asked"),
)
_SENDING = ("sends", "pause_kind", "lasts", "reason", "held_by")
_SAID = ("verified_name", "quality", "facts", "restrictions", "notices", "asked")
_PROFILE = (
    *("about", "address", "description", "email", "website", "other_website"),
    *("vertical", "shown_picture", "picture"),
)
_OF_PROFILE = "What customers see. Meta takes changes within seconds after they are saved."


@admin.register(BusinessNumber)
class BusinessNumberAdmin(RefusalsAdmin):
    form: type[Any] = BusinessNumberForm
    fieldsets = (
        (None, {"fields": ("external_id", "display", "waba_id", "access_token", "forget_token")}),
        ("Sending", {"fields": _SENDING}),
        ("What WhatsApp says", {"fields": _SAID}),
        ("Profile", {"fields": _PROFILE, "description": _OF_PROFILE}),
    )
    list_display = (
        "__str__",
        "external_id",
        "verified_name",
        "quality",
        "limit",
        "sends",
        "pause_kind",
        "lasts",
        "reason",
    )
    list_filter = (PausedFilter, "pause_kind")
    ordering = ("pk",)
    actions = (for_selected(ASK), for_selected(PAUSE), for_selected(RESUME), "sync_templates")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Messages and identities belong to this id. Another number needs another row.
        return (*_SHOWN, *(("external_id",) if obj is not None else ()))

    def offers(self, action: str, row: BusinessNumber) -> bool:
        return action in (ASK.name, PAUSE.name) or (action == RESUME.name and row.paused_until is not None)

    @admin.display(description="paused until", ordering="paused_until")
    def lasts(self, number: BusinessNumber) -> str | None:
        if number.paused_until == UNTIL_RESUMED:
            by_people = {NumberHold.HAND, NumberHold.ACCESS}
            sources = {one.source for one in holding(number)}
            return "somebody resumes it" if not sources or sources & by_people else "WhatsApp ends that"
        unreachable = number.pause_kind == PauseKind.UNREACHABLE
        if unreachable or number.paused_until is None:
            return "a message gets through" if unreachable else None
        return date_format(number.paused_until, "DATETIME_FORMAT")

    @admin.display(description="has access", boolean=True)
    def sends(self, number: BusinessNumber) -> bool:
        return number.pk is not None and access_of(number) is not None

    @admin.display(description="held by")
    def held_by(self, number: BusinessNumber) -> str:
        """Each reason why it sends nothing, and when that ends."""
        return _lines((one.reason, one.until) for one in holding(number)) if number.pk else "-"

    @admin.display(description="verified name", ordering="name")
    def verified_name(self, number: BusinessNumber) -> str:
        return number.name or "-"

    @admin.display(description="messaging limit")
    def limit(self, number: BusinessNumber) -> str:
        return health_of(number, timezone.now())["limit"] or "-"

    @admin.display(description="status and limits")
    def facts(self, number: BusinessNumber) -> str:
        facts = (number.health or {}).get("facts") or {}
        return format_html_join(", ", "{}: {}", sorted(facts.items())) or "-"

    @admin.display
    def restrictions(self, number: BusinessNumber) -> str:
        found = health_of(number, timezone.now())["restrictions"]
        return _lines((one["text"], datetime.fromisoformat(one["until"]) if one["until"] else None) for one in found)

    @admin.display(description="notices of WhatsApp")
    def notices(self, number: BusinessNumber) -> str:
        found = health_of(number, timezone.now())["notices"]
        shown = ((date_format(datetime.fromisoformat(one["at"]), "DATETIME_FORMAT"), one["text"]) for one in found)
        return format_html_join(mark_safe("<br>"), "{}: {}", shown) or "-"

    @admin.display(description="industry")
    def vertical(self, number: BusinessNumber) -> str:
        return str(_profile_of(number).profile.get("vertical") or "-")

    @admin.display(description="picture")
    def shown_picture(self, number: BusinessNumber) -> str:
        url = str(_profile_of(number).profile.get("profile_picture_url") or "")
        return format_html('<a href="{}" rel="noreferrer">Look at it</a>', url) if url.startswith("https://") else "-"

    @admin.display(description="asked")
    def asked(self, number: BusinessNumber) -> str:
        """When Meta was asked last, and how that went."""
        row = _profile_of(number)
        if row.due and row.asked_at is not None:
            when = "It will be asked within seconds. "
        else:
            when = "" if row.finished_at else "It was not asked yet. "
        if row.finished_at:
            when += f"Last on {date_format(row.finished_at, 'DATETIME_FORMAT')}. "
        return f"{when}{row.error}".strip()

    def save_model(self, request: HttpRequest, obj: BusinessNumber, form: Any, change: bool) -> None:
        given = form.cleaned_data
        if save_number(
            number=obj,
            actor=user_of(request),
            waba_id=given["waba_id"].strip(),
            token=given["access_token"],
            forget_token=given["forget_token"],
        ):
            self.message_user(request, f"{obj} has a new token and sends again.")
        changes = form.profile_changes()
        if changes or given["picture"]:
            change_profile(obj, actor=user_of(request), wanted=changes, picture=given["picture"])
            self.message_user(request, "WhatsApp will be told of the new profile within seconds.")

    @admin.action(description="Fetch the templates of every account from Meta")
    def sync_templates(self, request: HttpRequest, queryset: "QuerySet[BusinessNumber]") -> None:
        say_asked(self, request, ask_for_templates(accounts(), actor=user_of(request)))
