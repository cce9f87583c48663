"""Customers coming, changing and going."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from rest_framework.exceptions import PermissionDenied, ValidationError

from accounts.actions.sessions import end_sessions
from accounts.models import Role, User
from core.phones import InvalidPhone, normalize
from core.ports import ports
from customers.actions.assignments import hand_over, lock_seller, unassign
from customers.actions.locking import lock
from customers.actions.loyalty import write_ledger_entry
from customers.events import announce_gone, record
from customers.models import Assignment, Customer
from customers.related import keepers
from customers.serializers.customers import customer_event_data

# What sales write of a customer they create, and of one they have.
_SALES_CREATE = frozenset({"first_name", "last_name", "username", "email", "phone", "source", "notes"})
_SALES_CHANGE = frozenset({"first_name", "last_name", "notes"})
# What customers write of themselves.
OWN_FIELDS = frozenset(
    {
        "first_name",
        "last_name",
        "email",
        "phone",
        "nic",
        "avatar",
        "gender",
        "date_of_birth",
        "preferred_language",
        "preferred_currency",
        "accepts_marketing_email",
        "accepts_marketing_sms",
    }
)
_LOGIN_FIELDS = frozenset({"first_name", "last_name", "email", "is_active"})
# Does not say whose: the holder may be on somebody else's desk.
PHONE_TAKEN = "A customer with this phone number already exists."


@transaction.atomic
def create_customer(*, actor: User | None, **fields: Any) -> Customer:
    """Make a customer; one whom a salesperson makes is theirs. `actor` None is Patter itself.

    Raises ValidationError for a phone that is taken or none and for an owner who is no active salesperson,
    PermissionDenied for what only admins may set.
    """
    if actor is not None and actor.is_sales:
        fields["owner"] = fields.get("owner") or actor
        usual = Customer(owner=actor)
        _refuse({field for field in fields.keys() - _SALES_CREATE if fields[field] != getattr(usual, field)})
    customer = Customer(**fields)
    _save(customer, None)
    # After the insert: whoever waits for the phone of another new customer must not hold a salesperson.
    if customer.owner is not None:
        lock_seller(customer.owner)
        Assignment.objects.create(customer=customer, salesperson=customer.owner, assigned_by=actor)
    record(customer, "customer_updated", customer_event_data(customer), actor=actor)
    return customer


@transaction.atomic
def update_customer(*, customer_id: int, actor: User | None, changes: dict[str, Any]) -> Customer:
    """Change a customer, their login with them, and return the customer. Values as they are now are no change.

    Raises Http404, PermissionDenied naming the fields that only admins may change, ValidationError for a phone
    or a login's email that is taken. Any of them changes nothing.
    """
    customer = lock(customer_id, actor=actor)
    if customer.pending_phone and "phone" in changes and _phone(changes["phone"]) == customer.phone:
        # The desk's row, sent back: it shows the phone that is kept, not the one that waits for its proof.
        changes = {field: value for field, value in changes.items() if field != "phone"}
    changes = _real_changes(customer, changes)
    if actor is not None and not actor.is_admin:
        _refuse(changes.keys() - _SALES_CHANGE)
    return _apply(customer, changes, actor=actor)


@transaction.atomic
def update_profile(*, customer_id: int, actor: User, changes: dict[str, Any]) -> Customer:
    """`update_customer` for the customer themselves, or an admin: not for sales, who have the desk.

    Raises PermissionDenied naming the fields that are not the customer's to change.
    """
    customer = lock(customer_id, actor=actor, own=True)
    changes = _real_changes(customer, changes)
    if not actor.is_admin:
        _refuse(changes.keys() - OWN_FIELDS)
    return _apply(customer, changes, actor=actor)


@transaction.atomic
def set_state(*, customer_id: int, actor: User, **flags: bool) -> Customer:
    """Set `is_active`, `is_verified` or `is_vip`; who may set which, the caller has asked. Raises Http404.

    Who is not active cannot sign in.
    """
    customer = lock(customer_id, actor=actor, own=True)
    return _apply(customer, _real_changes(customer, flags), actor=actor)


def _apply(customer: Customer, changes: dict[str, Any], *, actor: User | None) -> Customer:
    """Write what `_real_changes` found of a customer whom this transaction has locked; who may is asked before."""
    reassigned, owner = "owner" in changes, changes.get("owner")
    changes = {field: value for field, value in changes.items() if field != "owner"}
    if changes:
        if customer.user_id is not None:
            changes = _write_login(customer.user_id, changes)
        if "phone" in changes:
            changes = {"phone_verified": False, **changes, "pending_phone": ""}
        tier_before, source_before = customer.loyalty_tier, customer.source
        for field, value in changes.items():
            setattr(customer, field, value)
        _save(customer, [*changes, "updated_at"])
        if "loyalty_tier" in changes:
            write_ledger_entry(customer, tier_before=tier_before, reason="Set on the customer.", actor=actor)
    if reassigned and owner is not None:
        hand_over(customer, owner, actor=actor)
    elif reassigned:
        unassign(customer, actor=actor)
    if changes:
        record(customer, "customer_updated", customer_event_data(customer), actor=actor)
    if "source" in changes:
        for follow in ports("ON_SOURCE_CHANGED"):
            follow(customer=customer, source_before=source_before, actor=actor)
    return customer


@transaction.atomic
def erase_customer(*, customer_id: int, actor: User | None) -> None:
    """Remove a person and everything that hangs off them: chat, files, login. Raises Http404.

    What deleting the row would leave behind, its keepers erase (customers/related.py).
    """
    customer = lock(customer_id, actor=actor, deleting=True)
    for keeper in keepers():
        keeper.erase(customer)
    # Locked against a sign-in, whose session would keep the login from going.
    login = User.objects.select_for_update().filter(pk=customer.user_id, role=Role.CUSTOMER).first()
    # Django admin's history names who was changed there.
    forget_history(Customer, customer_id)
    owner_id = customer.owner_id
    customer.delete()
    if login is not None:
        forget_history(User, login.pk)
        end_sessions(user=login)
        login.delete()
    announce_gone(customer_id, owner_id)


def forget_history(model: Any, pk: int) -> None:
    """Take a row that goes out of Django admin's history, which names it."""
    kind = ContentType.objects.get_for_model(model)
    LogEntry.objects.filter(content_type=kind, object_id=str(pk)).delete()


def _refuse(fields: "frozenset[str] | set[str]") -> None:
    if fields:
        raise PermissionDenied(f"Only an admin may set: {', '.join(sorted(fields))}.")


def _real_changes(customer: Customer, changes: dict[str, Any]) -> dict[str, Any]:
    """Those of `changes` that differ from the customer, with the phone as it would be kept.

    The phone that waits for its proof is no change, as it is what the profile shows.
    """
    if "phone" in changes:
        changes = {**changes, "phone": _phone(changes["phone"])}
        if customer.pending_phone:
            pending = changes.pop("phone")
            return _real_changes(customer, changes) | ({} if pending == customer.pending_phone else {"phone": pending})
    return {field: value for field, value in changes.items() if getattr(customer, field) != value}


def _phone(raw: str | None) -> str | None:
    try:
        return normalize(raw) if raw else None
    except InvalidPhone as error:
        raise ValidationError({"phone": [str(error)]})


def _save(customer: Customer, fields: list[str] | None) -> None:
    """Save a customer. Raises ValidationError when the phone is taken, by whoever came first."""
    customer.phone = _phone(customer.phone)
    try:
        with transaction.atomic():
            customer.save(update_fields=fields)
    except IntegrityError:
        if customer.phone is None or not Customer.objects.filter(phone=customer.phone).exists():
            raise
        raise ValidationError({"phone": [PHONE_TAKEN]})


def _write_login(user_id: int, changes: dict[str, Any]) -> dict[str, Any]:
    """Carry a registered customer's changes over to their login; return the changes of the customer.

    Raises ValidationError for a username (it is the login's own) and for an email that is no free login.
    """
    if "username" in changes:
        raise ValidationError({"username": ["The username of a registered customer cannot be changed."]})
    login_changes = {field: changes[field] for field in changes.keys() & _LOGIN_FIELDS}
    if not login_changes:
        return changes
    login = User.objects.select_for_update(no_key=True).get(pk=user_id)
    if "email" in login_changes:
        changes = {"is_verified": False, **changes}
        _check_email(login, login_changes["email"])
    for field, value in login_changes.items():
        setattr(login, field, value)
    try:
        with transaction.atomic():
            login.save(update_fields=[*login_changes])
    except IntegrityError:  # somebody else took it between the look and the write
        _check_email(login, login.email)
        raise
    if not login.is_active:
        end_sessions(user=login)
    return changes


def _check_email(login: User, email: str) -> None:
    if not email:
        raise ValidationError({"email": ["A registered customer needs an email: it is their login."]})
    if taken := User.objects.taken(username=login.username, email=email, besides=login.pk).get("email"):
        raise ValidationError({"email": taken})
