"""What Meta says about our account and its numbers: kept on the numbers, and obeyed."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from core.safe_json import storable
from core.timestamps import iso
from messaging.actions.number_holds import hold, holding, lift, tell_admins
from messaging.models import BusinessNumber
from messaging.serializers.numbers import business_number_news
from whatsapp.business_numbers import TRANSPORT, own_phone_number_id
from whatsapp.models import NumberAccess
from whatsapp.payload.elements import AccountChange
from whatsapp.payload.json_fields import list_of, object_of, text_or_nothing
from whatsapp.payload.restrictions import STATUS, source_of, sources

# How many of Meta's notices are kept with a number.
_NOTICES = 20
# A notice whose time is not known is taken for another one of the same when it comes again later than this.
_SAME_WITHIN = timedelta(days=7)
# Meta's answers may lag behind its webhooks.
_SETTLED_AFTER = timedelta(minutes=10)
_CANNOT_SEND = frozenset({"BANNED", "DELETED", "DISCONNECTED"})
# The facts that have a column of their own.
_COLUMNS = ("name", "quality")


def apply_account_change(change: AccountChange, received_at: datetime) -> None:
    """Apply what Meta says to the numbers it is about. Told late or twice, it changes nothing."""
    at = change.at or received_at
    for number in _numbers_of(change):
        with transaction.atomic():
            for source, reason in change.holds.items():
                hold(number, source=source, reason=reason, since=at, until=change.ends.get(source))
            lifted = [*change.lifts, *(_open_restrictions(number) if change.reinstated else ())]
            if lifted:
                lift(number, *lifted, at=at)
            _note(number, change, at)  # last: what admins are told of it says whether the number pauses


def note_answer(number: BusinessNumber, said: dict[str, Any], at: datetime) -> None:
    """Keep what Meta answers about a number, and send nothing, or send again, if it says so."""
    status, can_send = _word(said.get("status")), _word(object_of(said.get("health_status")).get("can_send_message"))
    facts = {
        "name": text_or_nothing(said, "verified_name", 150),
        "quality": _word(said.get("quality_rating"))[:20],
        "status": status,
        "name_status": _word(said.get("name_status")),
        "throughput": _word(object_of(said.get("throughput")).get("level")),
        "limit": _word(said.get("whatsapp_business_manager_messaging_limit") or said.get("messaging_limit_tier")),
        "can_send": can_send,
    }
    with transaction.atomic():
        locked = BusinessNumber.objects.select_for_update(no_key=True).get(pk=number.pk)
        before = business_number_news(locked), locked.health and locked.health.get("facts")
        _keep_facts(locked, {name: storable(value) for name, value in facts.items() if value}, at)
        locked.display = locked.display or storable(text_or_nothing(said, "display_phone_number", 40))
        locked.save(update_fields=["health", "display", *_COLUMNS])
        if (business_number_news(locked), locked.health and locked.health.get("facts")) != before:
            tell_admins(locked)
        if can_send == "BLOCKED" or status in _CANNOT_SEND:
            hold(locked, source=STATUS, reason=_why(said, status), since=at)
        elif status == "CONNECTED":
            _may_send(locked, at, certain=can_send in ("AVAILABLE", "LIMITED"))


def _why(said: dict[str, Any], status: str) -> str:
    """Why a number cannot send, as Meta explains it."""
    errors = [
        object_of(error)
        for entity in map(object_of, list_of(object_of(said.get("health_status")).get("entities")))
        for error in list_of(entity.get("errors"))
    ]
    words = dict.fromkeys(text_or_nothing(error, "error_description", 300).rstrip(".") for error in errors)
    because = ". ".join(filter(None, words))
    text = f"WhatsApp does not let this number send ({status.lower() or 'blocked'})."
    return storable(f"{text} {because}." if because else text)[:500]


def _may_send(number: BusinessNumber, at: datetime, *, certain: bool) -> None:
    """Meta, which was asked, says that a number may send: what it said against that is over, unless it is very new."""
    settled = at - _SETTLED_AFTER
    ours = {one.source for one in holding(number) if one.since <= settled or one.source == STATUS}
    over = ours & (set(sources()) if certain else {STATUS})
    if over:
        lift(number, *sorted(over), at=at)
        _forget_restrictions(number, {source.partition(":")[2] for source in over})


def _word(value: Any) -> str:
    return storable(value)[:40].upper() if isinstance(value, str) else ""


def _numbers_of(change: AccountChange) -> list[BusinessNumber]:
    """The numbers that Meta speaks of: of an account, all of them, or the one that it names."""
    ours = BusinessNumber.objects.filter(transport=TRANSPORT).order_by("pk")
    if change.phone_number_id:
        return list(ours.filter(external_id=change.phone_number_id))
    accounts = dict(NumberAccess.objects.values_list("number__external_id", "waba_id"))
    if not settings.WHATSAPP_SANDBOX:
        accounts[own_phone_number_id()] = settings.WHATSAPP_BUSINESS_ACCOUNT_ID
    # A number whose account nobody has entered may be of any.
    known = [number for number in ours if accounts.get(number.external_id) == change.account]
    candidates = known or [number for number in ours if not accounts.get(number.external_id)]
    if not change.phone:
        return candidates
    named = [number for number in candidates if _digits(number.display) == change.phone]
    return named or [number for number in candidates if not number.phone_known and len(candidates) == 1]


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _note(number: BusinessNumber, change: AccountChange, at: datetime) -> None:
    """Keep facts, restrictions and the notice itself in the number's row, and tell the admins."""
    locked = BusinessNumber.objects.select_for_update(no_key=True).get(pk=number.pk)
    _keep_facts(locked, change.facts, at)
    kept: dict[str, Any] = locked.health or {}
    restrictions = {one["code"]: one for one in kept.get("restrictions") or []}
    for one in change.restrictions:
        if one.code not in restrictions or restrictions[one.code]["at"] <= iso(at):
            restrictions[one.code] = {"code": one.code, "text": one.text, "until": iso(one.until), "at": iso(at)}
    if change.reinstated:
        restrictions = {
            code: one for code, one in restrictions.items() if one["until"] is not None or one["at"] > iso(at)
        }
    notice = {"at": iso(at), "code": change.code, "text": change.text}
    notices = kept.get("notices") or []
    if not any(_same(one, notice, timed=change.at is not None) for one in notices):
        notices = sorted([notice, *notices], key=lambda one: str(one["at"]), reverse=True)[:_NOTICES]
    health = {**kept, "restrictions": list(restrictions.values()), "notices": notices}
    if health == locked.health and (locked.name, locked.quality) == (number.name, number.quality):
        return
    locked.health = health
    locked.save(update_fields=["health", *_COLUMNS])
    tell_admins(locked)


def _same(one: dict[str, Any], other: dict[str, Any], *, timed: bool) -> bool:
    if (one["code"], one["text"]) != (other["code"], other["text"]):
        return False
    if timed:
        return bool(one["at"] == other["at"])
    return datetime.fromisoformat(other["at"]) - datetime.fromisoformat(one["at"]) < _SAME_WITHIN


def _keep_facts(number: BusinessNumber, facts: dict[str, str], at: datetime) -> None:
    """Put facts into a number, except those of which something newer is known. Does not save."""
    kept: dict[str, Any] = number.health or {}
    known, said_at = dict(kept.get("facts") or {}), dict(kept.get("said_at") or {})
    for name, value in facts.items():
        if said_at.get(name, "") > iso(at):
            continue
        said_at[name] = iso(at)
        if name in _COLUMNS:
            setattr(number, name, "" if value in ("UNKNOWN", "NA") else value)
        else:
            known[name] = value
    if facts:
        number.health = {**kept, "facts": known, "said_at": said_at}


def _open_restrictions(number: BusinessNumber) -> list[str]:
    """Restrictions without an end: reinstating the account ends them. Those with an end wait for it."""
    found = holding(number)
    return [one.source for one in found if one.source.startswith(source_of("RESTRICTED_")) and one.until is None]


def _forget_restrictions(number: BusinessNumber, codes: set[str]) -> None:
    locked = BusinessNumber.objects.select_for_update(no_key=True).get(pk=number.pk)
    kept: dict[str, Any] = locked.health or {}
    left = [one for one in kept.get("restrictions") or [] if one["code"] not in codes]
    if len(left) != len(kept.get("restrictions") or []):
        locked.health = {**kept, "restrictions": left}
        locked.save(update_fields=["health"])
        tell_admins(locked)
