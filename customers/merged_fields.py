"""Which of two customers' fields the merged customer has, and what both had before."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, TypedDict

from rest_framework.exceptions import ValidationError

from accounts.models import User
from accounts.serializers import user_ref
from core.phones import variants
from customers.models import MAX_POINTS, Customer, MergeReason
from customers.money import TOTAL_DIGITS, fits
from customers.tiers import RANK, tier_for

# Whose value is kept: that of the row that goes, or that of the row that stays.
Side = Literal["this", "into"]

# What people say about themselves, where they say something.
_SAID = ("first_name", "last_name", "username", "email", "nic", "gender", "date_of_birth")
# What they have chosen.
_CHOSEN = ("preferred_language", "preferred_currency", "accepts_marketing_email", "accepts_marketing_sms")
# What a login says as well.
OF_LOGIN = ("username", "email", "is_active")
# The fields of which one value is kept.
FIELDS = (*_SAID, *_CHOSEN, "phone", "source", "notes", "is_active", "is_vip", "owner")
# What says something about the value of a field, and goes along with it.
_ALONG = {
    "phone": ("phone", "phone_verified", "phone_trusted", "phone_vouched_at"),
    "email": ("email", "is_verified"),
    "owner": (),  # changes hands with an assignment (customers/actions/merge.py)
}
PHONE = _ALONG["phone"]
# Fields that are neither chosen nor seen in a preview: they are added up or taken where there are none.
_OTHERS = (
    "avatar",
    "pending_phone",
    "referral_first",
    "referral_last",
    "blocked_at",
    "block_error",
    "loyalty_tier",
    "loyalty_points",
    "total_orders",
    "total_spent",
    "last_order_date",
    "given_tier",
    "carried_orders",
    "carried_spent",
)
_KEPT = (*(name for field in FIELDS for name in _ALONG.get(field, (field,))), *_OTHERS, "user_id", "owner_id")


class Difference(TypedDict):
    """A field in which two customers differ, and whose value the merged customer has."""

    field: str
    this: Any
    into: Any
    kept: Side


def choose(
    gone: Customer, into: Customer, keep: Mapping[str, Side], reason: str, proved: str | None = None
) -> dict[str, Side]:
    """Whose value is kept, for each of FIELDS. Raises ValidationError for what `keep` may not ask for.

    `keep` decides. Else the row with a login keeps what somebody signs in with and, when they proved that both rows are
    theirs, what they say about themselves. Else an empty value never beats a filled one, and `into` wins.
    """
    if unknown := sorted(keep.keys() - set(FIELDS)):
        raise ValidationError({"keep": [f"Unknown field {', '.join(unknown)}. Choose from: {', '.join(FIELDS)}."]})
    usual: dict[str, Side] = {field: _usual(field, gone, into) for field in FIELDS}
    person: Side | None = "this" if gone.user_id else "into" if into.user_id else None
    if person is not None:
        row = gone if person == "this" else into
        usual |= dict.fromkeys(OF_LOGIN, person)
        if reason == MergeReason.PROVED:
            usual |= dict.fromkeys([field for field in _SAID if getattr(row, field)], person)
            usual |= dict.fromkeys(_CHOSEN, person)
    if proved is not None:
        if into.phone in variants(proved):
            usual["phone"] = "into"
        elif gone.phone in variants(proved):
            usual["phone"] = "this"
    if refused := sorted(field for field in OF_LOGIN if person and keep.get(field, usual[field]) != usual[field]):
        text = f"Somebody signs in with this customer's {', '.join(refused)}. Change it in their profile instead."
        raise ValidationError({"keep": [text]})
    return {**usual, **keep}


def _usual(field: str, gone: Customer, into: Customer) -> Side:
    return "this" if _weight(gone, field) > _weight(into, field) else "into"


def _weight(customer: Customer, field: str) -> int:
    """How much a value counts: an empty one nothing, and a phone that routes nothing less than one that does."""
    value = getattr(customer, field)
    if field == "phone":
        return 0 if not value else 2 if customer.phone_trusted else 1
    # Whoever is a VIP stays one. The other switches say something when they are off.
    return int(bool(value) if field == "is_vip" else value not in (None, ""))


def differences(gone: Customer, into: Customer, kept: Mapping[str, Side]) -> list[Difference]:
    """The fields in which both differ, as JSON values, with whose value is kept."""
    shown = [(field, _shown(gone, field), _shown(into, field)) for field in FIELDS]
    return [
        Difference(field=field, this=this, into=other, kept=kept[field])
        for field, this, other in shown
        if this != other
    ]


def _shown(customer: Customer, field: str) -> Any:
    value = getattr(customer, field)
    return user_ref(value) if isinstance(value, User) else as_json(value)


def values_kept(gone: Customer, into: Customer, kept: Mapping[str, Side]) -> dict[str, Any]:
    """The values that `into` gets from `gone`: chosen fields with what goes along with them."""
    names = [name for field in FIELDS if kept[field] == "this" for name in _ALONG.get(field, (field,))]
    return {name: getattr(gone, name) for name in names}


def values_joined(gone: Customer, into: Customer) -> dict[str, Any]:
    """What becomes of the fields that nobody chooses. Raises ValidationError for totals beyond what can be stored."""
    points = into.loyalty_points + gone.loyalty_points
    spent = into.total_spent + gone.total_spent
    if points > MAX_POINTS or not fits(spent, TOTAL_DIGITS):
        raise ValidationError({"into": ["Together these customers have more points or orders than can be stored."]})
    tiers = (into.loyalty_tier, gone.loyalty_tier, tier_for(spent))
    touches = sorted(filter(None, (into.referral_first, gone.referral_first)), key=_touched_at)
    latest = sorted(filter(None, (into.referral_last, gone.referral_last)), key=_touched_at)
    return {
        "loyalty_points": points,
        "total_orders": into.total_orders + gone.total_orders,
        "total_spent": spent,
        "carried_orders": into.carried_orders + gone.carried_orders,
        "carried_spent": into.carried_spent + gone.carried_spent,
        "given_tier": max(into.given_tier, gone.given_tier, key=lambda tier: RANK.get(tier, -1)),
        "loyalty_tier": max(tiers, key=RANK.__getitem__),
        "last_order_date": max(filter(None, (into.last_order_date, gone.last_order_date)), default=None),
        "referral_first": touches[0] if touches else None,
        "referral_last": latest[-1] if latest else None,
        # One of them wrote what they were blocked for.
        "blocked_at": min(filter(None, (into.blocked_at, gone.blocked_at)), default=None),
        "block_error": into.block_error or gone.block_error,
        "pending_phone": into.pending_phone or gone.pending_phone,
    }


def _touched_at(touch: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(touch["at"])


def snapshot(customer: Customer) -> dict[str, Any]:
    """The fields that a merge may change, as JSON values."""
    return {name: as_json(getattr(customer, name)) for name in _KEPT}


def as_json(value: Any) -> Any:
    """A field's value as a JSON value that `from_json` turns back."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    # The stored name of a file.
    return getattr(value, "name", value) if not isinstance(value, str | dict) else value


def from_json(name: str, value: Any) -> Any:
    """The value of a customer's field from its `snapshot`."""
    field: Any = Customer._meta.get_field(name)
    return field.to_python(value)
