from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe

from accounts.authentication import user_of
from accounts.models import User
from core.admin.actions import RowAction, RowForm, for_selected
from core.admin.refusals import RefusalsAdmin
from messaging.actions.number_holds import holding
from messaging.actions.number_pauses import pause_by_hand, resume
from messaging.models import UNTIL_RESUMED, BusinessNumber, PauseKind
from messaging.serializers.numbers import health_of
from whatsapp.access_tokens import access_of
from whatsapp.admin.message_templates import say_asked
from whatsapp.business_numbers import TRANSPORT
from whatsapp.message_templates import accounts
from whatsapp.models import NumberAccess
from whatsapp.number_changes import save_number
from whatsapp.template_syncs import ask_for_templates


class BusinessNumberForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A number with its account and access token. The token is never shown again."""

    waba_id = forms.CharField(label="WhatsApp Business Account id", max_length=64, required=False)
    access_token = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Leave empty to keep the current token. It is stored encrypted.",
    )
    forget_token = forms.BooleanField(required=False, help_text="Without a token nothing can be sent from the number.")

    class Meta:
        model = BusinessNumber
        fields = ("external_id", "display")
        labels = {"external_id": "Phone number id", "display": "Number"}
        help_texts = {"external_id": "Meta's id of the number, from WhatsApp Manager; not the phone number."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        access = NumberAccess.objects.filter(number=self.instance.pk).first()
        if access is not None:
            self.fields["waba_id"].initial = access.waba_id

    def clean_external_id(self) -> str:
        """Only of a new number: the id of one that is there cannot be changed."""
        external_id: str = self.cleaned_data["external_id"].strip()
        if not external_id.isascii() or not external_id.isdecimal():
            raise forms.ValidationError(
                "This is not a phone number id: ids are digits only. WhatsApp Manager shows it beside the number."
            )
        known = BusinessNumber.objects.filter(transport=TRANSPORT, external_id=external_id).first()
        if known is not None:
            raise forms.ValidationError(f"This number is here already, as {known}. Change that one.")
        return external_id

    def clean_access_token(self) -> str:
        token: str = self.cleaned_data["access_token"].strip()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise forms.ValidationError("This is not an access token: tokens have no spaces and no special characters.")
        return token


def _resume(number: BusinessNumber, actor: User, given: Mapping[str, Any]) -> str:
    if number.paused_until is None:
        return "It was not paused."
    if resume(number, actor=actor):
        return ""
    held = " ".join(one.reason for one in holding(number))
    return f"It still sends nothing: {held} It sends again by itself when WhatsApp ends that."


class PauseForm(RowForm):
    """Why a number is to send nothing: whoever waits for a message reads it."""

    reason = forms.CharField(max_length=200, initial="An admin has paused this number.")


def _pause(number: BusinessNumber, actor: User, given: Mapping[str, Any]) -> str:
    pause_by_hand(number, actor=actor, reason=given["reason"])
    return ""


PAUSE = RowAction(
    "pause_sending",
    "Pause sending",
    _pause,
    done="paused",
    form=PauseForm,
    asks="Nothing leaves until somebody resumes it, whatever WhatsApp says meanwhile. Messages wait in the queue.",
)


RESUME = RowAction(
    "resume_sending",
    "Resume sending",
    _resume,
    done="sends again",
    asks="Queued messages go out in order. If what stopped the number is not mended, it stops again and says why.",
)


def _lines(said: Iterable[tuple[str, datetime | None]]) -> str:
    """Texts, one in a line, each with its end."""
    ends = ((text, f" Until {date_format(until, 'DATETIME_FORMAT')}." if until else "") for text, until in said)
    return format_html_join(mark_safe("<br>"), "{}{}", ends) or "-"


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
    *("name", "quality", "facts", "restrictions", "notices"),
)


@admin.register(BusinessNumber)
class BusinessNumberAdmin(RefusalsAdmin):
    form: type[Any] = BusinessNumberForm
    fields = (
        "external_id", "display", "waba_id", "access_token", "forget_token", "sends", "pause_kind", "lasts", "reason",
        "held_by", "name", "quality", "facts", "restrictions", "notices",
    )  # fmt: skip
    list_display = ("__str__", "external_id", "name", "quality", "limit", "sends", "pause_kind", "lasts", "reason")
    list_filter = (PausedFilter, "pause_kind")
    ordering = ("pk",)
    actions = (for_selected(PAUSE), for_selected(RESUME), "sync_templates")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Messages and identities belong to this id. Another number needs another row.
        return (*_SHOWN, *(("external_id",) if obj is not None else ()))

    def offers(self, action: str, row: BusinessNumber) -> bool:
        return action == PAUSE.name or (action == RESUME.name and row.paused_until is not None)

    @admin.display(description="paused until", ordering="paused_until")
    def lasts(self, number: BusinessNumber) -> datetime | str | None:
        if number.paused_until == UNTIL_RESUMED:
            return "somebody resumes it"
        unreachable = number.pause_kind == PauseKind.UNREACHABLE
        return "a message gets through" if unreachable else number.paused_until

    @admin.display(description="has access", boolean=True)
    def sends(self, number: BusinessNumber) -> bool:
        return number.pk is not None and access_of(number) is not None

    @admin.display(description="held by")
    def held_by(self, number: BusinessNumber) -> str:
        """Each reason why it sends nothing, and when that ends."""
        return _lines((one.reason, one.until) for one in holding(number)) if number.pk else "-"

    @admin.display(description="messaging limit")
    def limit(self, number: BusinessNumber) -> str:
        return health_of(number, timezone.now())["limit"] or "-"

    @admin.display(description="what WhatsApp says")
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

    @admin.action(description="Fetch the templates of every account from Meta")
    def sync_templates(self, request: HttpRequest, queryset: "QuerySet[BusinessNumber]") -> None:
        say_asked(self, request, ask_for_templates(accounts(), actor=user_of(request)))
