"""Message templates: fetched from Meta, and kept up to date by its webhooks."""

import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from whatsapp.access_tokens import Access, access_of
from whatsapp.business_numbers import home_number
from whatsapp.composing.template_parts import format_of
from whatsapp.graph.client import client_for
from whatsapp.limits import MAX_TEMPLATE_LANGUAGE, MAX_TEMPLATE_NAME
from whatsapp.models import NumberAccess, Template
from whatsapp.payload.elements import TemplateChange
from whatsapp.sandbox.account import ACCOUNT_ID
from whatsapp.sandbox.demo_templates import TEMPLATES

PAGE = 100
# More pages than any account can fill, so that paging in a circle ends.
MOST_PAGES = 100
# All pages of an account together; the largest have some thousand templates.
LONGEST_SYNC_SECONDS = 240.0

_KEPT = (
    "provider_id",
    "category",
    "status",
    "parameter_format",
    "components",
    "quality",
    "reason",
    "synced_at",
)


class SyncFailed(Exception):
    """The templates of an account could not be fetched; `str()` says why."""


def accounts() -> list[Access]:
    """One access for each account whose templates can be fetched."""
    if settings.WHATSAPP_SANDBOX:
        return [Access("", ACCOUNT_ID)]
    found: dict[str, Access] = {}
    numbers = [home_number(), *(row.number for row in NumberAccess.objects.select_related("number").order_by("pk"))]
    for number in numbers:
        access = access_of(number)
        if access is not None and access.waba_id:
            found.setdefault(access.waba_id, access)
    return list(found.values())


def sync(access: Access) -> int:
    """Store the templates that an account has at Meta; return how many. Those that Meta no longer has become MISSING.

    Raises SyncFailed, in which case nothing changes.
    """
    described = TEMPLATES if settings.WHATSAPP_SANDBOX else _fetch(access)
    now = timezone.now()
    rows = {(row.name, row.language): row for row in (_row(access.waba_id, one, now) for one in described) if row}
    with transaction.atomic():
        Template.objects.bulk_create(
            rows.values(),
            update_conflicts=True,
            unique_fields=["waba_id", "name", "language"],
            update_fields=_KEPT,
            batch_size=200,
        )
        gone = Template.objects.filter(waba_id=access.waba_id, synced_at__lt=now)
        gone.update(status="MISSING", reason="It no longer exists at Meta")
    return len(rows)


def _fetch(access: Access) -> list[dict[str, Any]]:
    api = client_for(access.token)[0].api
    found: list[dict[str, Any]] = []
    pagination: dict[str, Any] = {"limit": PAGE}
    deadline = time.monotonic() + LONGEST_SYNC_SECONDS
    for _ in range(MOST_PAGES):
        if time.monotonic() > deadline:
            raise SyncFailed(f"{access.waba_id}: the list of templates takes too long")
        try:
            page = api.get_templates(waba_id=access.waba_id, pagination=pagination)
            found += page["data"]
            paging = page.get("paging") or {}
        except Exception as error:  # from pywa, from httpx, or because the answer has another shape
            raise SyncFailed(f"{access.waba_id}: {type(error).__name__}: {str(error)[:200]}") from error
        if not paging.get("next"):
            return found
        pagination = {"limit": PAGE, "after": paging["cursors"]["after"]}
    raise SyncFailed(f"{access.waba_id}: the list of templates does not end")


def _row(waba_id: str, one: dict[str, Any], now: Any) -> Template | None:
    name, language = one.get("name"), one.get("language")
    components = one.get("components")
    if not isinstance(name, str) or not isinstance(language, str) or not isinstance(components, list):
        return None
    quality = one.get("quality_score")
    reason = str(one.get("rejected_reason") or "")
    return Template(
        waba_id=waba_id,
        name=name[:MAX_TEMPLATE_NAME],
        language=language[:MAX_TEMPLATE_LANGUAGE],
        provider_id=str(one.get("id") or "")[:64],
        category=str(one.get("category") or "")[:40],
        status=str(one.get("status") or Template.SENDABLE)[:40],
        parameter_format=str(one.get("parameter_format") or format_of(components))[:20],
        components=[part for part in components if isinstance(part, dict)],
        quality=str(quality.get("score") or "")[:40] if isinstance(quality, dict) else "",
        reason="" if reason == "NONE" else reason,
        synced_at=now,
    )


@transaction.atomic
def apply_change(change: TemplateChange) -> None:
    """Apply what a webhook says about a template. A template that was never fetched waits for the next sync."""
    for template in Template.objects.select_for_update().filter(pk__in=_named(change)):
        for field, value in change.changes.items():
            setattr(template, field, value)
        if change.texts:
            template.components = _with_texts(template.components, change.texts)
        template.provider_id = template.provider_id or change.provider_id
        template.save()


def _named(change: TemplateChange) -> list[int]:
    """The template a webhook means: the one with its id, else the one with its name in its language.

    Meta writes a language `en_US` in some webhooks, and `en-US` in others.
    """
    of_account = Template.objects.filter(waba_id=change.waba_id)
    if change.provider_id:
        # An id is of one template among all accounts; partners may be told of one under an account of their own.
        for templates in (of_account, Template.objects.all()):
            found = list(templates.filter(provider_id=change.provider_id).values_list("pk", flat=True))
            if found:
                return found
    namesakes = of_account.filter(name__iexact=change.name).values_list("pk", "language")
    return [pk for pk, language in namesakes if _same_language(language, change.language)]


def _same_language(one: str, other: str) -> bool:
    return one.replace("-", "_").lower() == other.replace("-", "_").lower()


def _with_texts(components: list[dict[str, Any]], texts: dict[str, Any]) -> list[dict[str, Any]]:
    """The components, with the parts that the webhook changed."""
    kinds = [str(part.get("type", "")).upper() for part in components]
    changed = [{**part, **texts.get(kind, {})} for kind, part in zip(kinds, components, strict=True)]
    return changed + [{"type": kind, **part} for kind, part in texts.items() if kind not in kinds]
