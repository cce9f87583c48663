"""Creating, changing and erasing customers."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from rest_framework.exceptions import PermissionDenied, ValidationError

from accounts.actions.sessions import end_sessions
from accounts.audit import audit
from accounts.models import AuditEntry, Role, User
from core.changes import made
from core.idempotency import forget_answers, forget_answers_to
from core.phones import respelled
from core.ports import ports
from customers.actions.assignments import INSERT_ASSIGNMENT, hand_over, lock_seller, unassign
from customers.actions.locking import lock
from customers.actions.loyalty import write_ledger_entry
from customers.actions.phone_changes import claimed, entered, insert, save
from customers.events import announce_gone, note_unseen, record
from customers.keepers import keepers
from customers.models import Assignment, Customer, LoyaltyTier, merged_ids
from customers.serializers.customers import customer_event_data, customer_row, known_columns

# What salespeople may set when they create a customer, and change later.
_SALES_CREATE = frozenset({"first_name", "last_name", "username", "email", "phone", "source", "notes"})
_SALES_CHANGE = frozenset({"first_name", "last_name", "notes"})
# What customers may change about themselves.
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


@transaction.atomic
def create_customer(*, actor: User | None, **fields: Any) -> Customer:
    """Create a customer. Salespeople own the ones they create. `actor` None means Patter itself.

    Raises ValidationError for a phone that is taken or invalid and for an owner who is not an active salesperson,
    PermissionDenied for fields that only admins may set.
    """
    if actor is not None and actor.is_sales:
        fields["owner"] = fields.get("owner") or actor
        usual = Customer(owner=actor)
        _refuse({field for field in fields.keys() - _SALES_CREATE if fields[field] != getattr(usual, field)})
    phone = fields.pop("phone", None)
    customer = Customer(**fields)
    if customer.loyalty_tier != LoyaltyTier.BRONZE:
        customer.given_tier = customer.loyalty_tier
    for field, value in entered(phone, customer, actor=actor).items():
        setattr(customer, field, value)
    insert(customer)
    note_unseen(customer)
    # After the insert, which may wait for another new customer with the same phone: no salesperson is locked meanwhile.
    also = []
    if customer.owner is not None:
        customer.owner = lock_seller(customer.owner)
        theirs = Assignment(customer=customer, salesperson=customer.owner, assigned_by=actor)
        also.append(INSERT_ASSIGNMENT.write(theirs))
    data, given = customer_row(known_columns(customer)), made(customer, *fields, "phone", "owner_id")
    record(customer, "customer_updated", data, actor=actor, verb="customer_created", changes=given, also=also)
    return customer


@transaction.atomic
def update_customer(*, customer_id: int, actor: User | None, changes: dict[str, Any]) -> Customer:
    """Change a customer, and their login along with it, and return the customer. Equal values are not changes.

    Raises Http404, PermissionDenied naming the fields that only admins may change, ValidationError for a phone or a
    login's email that is taken. Then nothing has changed.
    """
    customer = lock(customer_id, actor=actor)
    is_admin = actor is None or actor.is_admin
    if "phone" in changes and _is_as_shown(customer, changes["phone"], is_admin=is_admin):
        changes = _without_phone(changes)
    phone = entered(changes["phone"], customer, actor=actor) if "phone" in changes and is_admin else {}
    if not is_admin:
        _refuse(_real_changes(customer, changes).keys() - _SALES_CHANGE)
    return _apply(customer, _with_phone(customer, changes, phone), actor=actor)


def _is_as_shown(customer: Customer, phone: str | None, *, is_admin: bool) -> bool:
    """Whether a phone says nothing new because the desk's row shows it.

    The row of a customer who only claims a phone shows none. Salespeople who save the row of a customer do not vouch
    for a phone that is not trusted; admins do.
    """
    if not phone or customer.phone is None:
        return not phone and customer.phone is None
    return not is_admin and respelled(phone) in (customer.phone, respelled(customer.phone))


@transaction.atomic
def update_profile(*, customer_id: int, actor: User, changes: dict[str, Any]) -> Customer:
    """`update_customer` for customers themselves and for admins. Salespeople use the desk instead.

    The phone that customers enter waits as a claim. Raises PermissionDenied naming the fields that they may not change.
    """
    customer = lock(customer_id, actor=actor, own=True)
    phone = {}
    if "phone" in changes:
        given = changes["phone"]
        phone = entered(given, customer, actor=actor) if actor.is_admin else claimed(given, customer)
    if not actor.is_admin:
        _refuse(_real_changes(customer, changes).keys() - OWN_FIELDS)
    return _apply(customer, _with_phone(customer, changes, phone), actor=actor)


@transaction.atomic
def set_state(*, customer_id: int, actor: User, **flags: bool) -> Customer:
    """Set `is_active`, `is_verified` or `is_vip`. The caller has checked who may set which. Raises Http404.

    Inactive customers cannot sign in.
    """
    customer = lock(customer_id, actor=actor, own=True)
    return _apply(customer, _real_changes(customer, flags), actor=actor)


def _apply(customer: Customer, changes: dict[str, Any], *, actor: User | None) -> Customer:
    """Write what `_real_changes` found, for a customer that this transaction has locked. Rights are checked before."""
    reassigned, owner = "owner" in changes, changes.get("owner")
    changes = {field: value for field, value in changes.items() if field != "owner"}
    if changes:
        if customer.user_id is not None:
            changes = _write_login(customer.user_id, changes)
        tier_before, source_before = customer.loyalty_tier, customer.source
        if "loyalty_tier" in changes:
            changes["given_tier"] = changes["loyalty_tier"]
        for field, value in changes.items():
            setattr(customer, field, value)
        save(customer, [*changes, "updated_at"])
        if "loyalty_tier" in changes:
            write_ledger_entry(customer, tier_before=tier_before, reason="Set in the customer's profile.", actor=actor)
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
    """Erase a person and everything that belongs to them: chat, files, login. Raises Http404.

    Keepers (customers/keepers.py) erase what deleting the row would leave behind.
    """
    customer = lock(customer_id, actor=actor, deleting=True)
    audit("customer_erased", customer, actor=actor, customer=customer.pk)
    # Rows that were merged into this one are the same person, and are deleted with it.
    for row in (*Customer.all_rows.filter(pk__in=merged_ids(customer.pk)), customer):
        for keeper in keepers():
            keeper.erase(row)
        AuditEntry.objects.forget(row.pk, login_id=row.user_id)
        # The history of Django admin names the rows that were changed there.
        forget_history(Customer, row.pk)
        # One id may begin with another.
        said = [rf'"customer": ?{row.pk}[^0-9]', rf"{row.customer_id}[^0-9]"]
        forget_answers(said=said, below=f"/customers/{row.pk}/")
    login = _lock_login(customer)
    owner_id = customer.owner_id
    customer.delete()
    if login is not None:
        forget_history(User, login.pk)
        forget_answers_to(login.pk)
        end_sessions(user=login)
        login.delete()
    announce_gone(customer_id, owner_id)


def _lock_login(customer: Customer) -> User | None:
    """The login to erase with a customer, locked: the session of a sign-in at this moment would block the deletion."""
    if customer.user_id is None:
        return None
    return User.objects.select_for_update().filter(pk=customer.user_id, role=Role.CUSTOMER).first()


def forget_history(model: Any, pk: int) -> None:
    """Remove a row that will be deleted from the history of Django admin, which names it."""
    kind = ContentType.objects.get_for_model(model)
    LogEntry.objects.filter(content_type=kind, object_id=str(pk)).delete()


def _refuse(fields: "frozenset[str] | set[str]") -> None:
    if fields:
        raise PermissionDenied(f"Only an admin may set: {', '.join(sorted(fields))}.")


def _real_changes(customer: Customer, changes: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in changes.items() if getattr(customer, field) != value}


def _without_phone(changes: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in changes.items() if field != "phone"}


def _with_phone(customer: Customer, changes: dict[str, Any], phone: dict[str, Any]) -> dict[str, Any]:
    """The changes that differ from the customer, and what entering the phone changes."""
    others = {
        field: value
        for field, value in _without_phone(changes).items()
        if value != phone.get(field, getattr(customer, field))
    }
    return {**phone, **others}


def _write_login(user_id: int, changes: dict[str, Any]) -> dict[str, Any]:
    """Make a registered customer's changes to their login too, and return the changes to the customer.

    Raises ValidationError for a changed username, and for an email that is empty or another login's.
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
    except IntegrityError:  # somebody else took it after the check
        _check_email(login, login.email)
        raise
    if not login.is_active:
        end_sessions(user=login)
    return changes


def _check_email(login: User, email: str) -> None:
    if not email:
        raise ValidationError({"email": ["A registered customer needs an email address."]})
    if taken := User.objects.taken(username=login.username, email=email, besides=login.pk).get("email"):
        raise ValidationError({"email": taken})
