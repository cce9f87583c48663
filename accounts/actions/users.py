"""Creating, changing and removing logins. What is refused raises a ValidationError (400) and changes nothing."""

import secrets
from collections.abc import Callable
from copy import copy
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from rest_framework.exceptions import NotFound, ValidationError

from accounts.actions.sessions import end_sessions
from accounts.actions.teams import leave_teams, with_managers
from accounts.audit import audit
from accounts.guessing import attempt_to_confirm
from accounts.hashers import HashingBusy
from accounts.models import Role, SecondFactor, Session, User
from core.changes import changed, made, state
from core.db.failures import passing_busy
from core.ports import ports

_FIELDS = frozenset({"username", "email", "first_name", "last_name", "role", "is_active"})
_SECRET = frozenset({"password"})
# What the audit trail tells of a login.
_TOLD = _FIELDS | _SECRET | {"successor"}
_NOT_LEAVING = "Customers are only handed over when a salesperson leaves."

# What is called with a login that is locked.
Check = Callable[[User], None]


def create_user(*, actor: User, password: str, **fields: Any) -> User:
    """Create a login for a member of staff.

    `fields` are username, email, role and optionally first_name, last_name and is_active. Raises ValidationError if the
    username or email is taken, the password is weak, or the role is `customer`: customers get their login by
    registering. Raises HashingBusy. Do not call it in a transaction.
    """
    if fields.pop("hand_over_to", None) is not None:
        raise ValidationError({"hand_over_to": [_NOT_LEAVING]})
    user = User(**fields)
    _check_role(user)
    check_new_password(user, password)
    user.set_password(password)
    with transaction.atomic():
        _save(user)
        audit("user_created", user, actor=actor, changes=made(user, *fields))
    return user


def update_user(
    *,
    actor: User,
    user: User,
    password: str | None = None,
    hand_over_to: User | None = None,
    check: Check | None = None,
    **changes: Any,
) -> User:
    """Change a login of a member of staff and return it as it is now. `changes` may name any field of a login.

    `check` is called with the locked login before anything is changed, and may raise.
    A new password, another role and deactivation end the login's sessions. Someone who stops selling is replaced as
    the owner of their customers: by `hand_over_to`, or as the apps behind ON_LOGIN_REMOVED see fit. That happens after
    the change is committed, and can be repeated with the same call if it was interrupted. Raises ValidationError as
    `create_user` does, if no active admin would be left, for a `hand_over_to` who cannot own customers or is not
    needed, and for any change but the password to the login of a customer; HashingBusy. Do not call it in a
    transaction.
    """
    if unknown := changes.keys() - _FIELDS:
        raise TypeError(f"not fields of a login: {sorted(unknown)}")
    hashed = None if password is None else _hashed(user, password, changes)
    current = _change(actor, user, hashed, hand_over_to, check, changes)
    if not current.sells and current.role != Role.CUSTOMER:
        _leave(current, actor)
    return current


@transaction.atomic
def _change(
    actor: User,
    user: User,
    hashed: str | None,
    hand_over_to: User | None,
    check: Check | None,
    changes: dict[str, Any],
) -> User:
    current = lock_login(user)
    if check is not None:
        check(current)
    differing = {name for name, value in changes.items() if getattr(current, name) != value}
    if differing and current.role == Role.CUSTOMER:
        raise ValidationError(
            dict.fromkeys(differing, "This login belongs to a customer. Change it in the customer's profile.")
        )
    before = state(current, *_TOLD)
    for name in differing:
        setattr(current, name, changes[name])
    if _name_successor(current, hand_over_to):
        differing.add("successor")
    if "role" in differing:
        _check_role(current)
        leave_teams(current)
    if hashed is not None:
        current.password = hashed
        differing.add("password")
    if not differing:
        return current
    if not (current.is_admin and current.is_active):
        _check_last_admin(current)
    _save(current, differing)
    if differing & {"password", "role"} or not current.is_active:
        end_sessions(user=current)
    told = changed(before, state(current, *_TOLD), secret=_SECRET)
    audit("user_changed", current, actor=actor, changes=told)
    return current


def set_password(*, user: User, password: str, keep: Session | None = None, field: str = "password") -> None:
    """Give a login a new password and end all its sessions except `keep`.

    Raises ValidationError under the name `field` for a weak password and for the old one; HashingBusy. Do not call it
    in a transaction.
    """
    check_new_password(user, password, field)
    hashed = make_password(password)
    with transaction.atomic():
        current = lock_login(user)
        current.password = user.password = hashed
        current.save(update_fields=["password"])
        end_sessions(user=current, keep=keep)
        audit("password_changed", current, actor=user)


def change_password(*, user: User, old: str, new: str, keep: Session | None = None) -> None:
    """Change the password of someone who knows the old one. Wrong guesses are limited like failed sign-ins.

    Raises ValidationError under `old_password` or `new_password`; TooManyGuesses; HashingBusy.
    """
    confirm_password(user=user, password=old, field="old_password")
    set_password(user=user, password=new, keep=keep, field="new_password")


def confirm_password(*, user: User, password: str | None, field: str = "current_password") -> None:
    """Make sure that whoever changes their own email or password knows the password they have.

    Raises ValidationError under `field` if it is wrong or None; TooManyGuesses; HashingBusy. Do not call it in a
    transaction: the count of guesses would be undone.
    """
    if password is None:
        raise ValidationError({field: ["Enter your current password to change this."]})
    attempt = attempt_to_confirm(user)
    try:
        right = user.check_password(password)
    except HashingBusy:
        attempt.was_not_judged()
        raise
    if not right:
        audit("password_change_failed", user, actor=user)
        raise ValidationError({field: ["This is not your current password."]})
    attempt.was_right()


def remove_user(*, actor: User, user: User, hand_over_to: User | None = None, check: Check | None = None) -> None:
    """End a login for good. What it wrote keeps its name, and its username and email can be used again.

    First the login is closed, then its customers are handed over (`update_user` says to whom), then it is removed: an
    interrupted removal can be repeated. `check` is called with the locked login before anything is changed, and may
    raise. Raises ValidationError for the last active admin and for a `hand_over_to` who cannot own customers, NotFound
    if it has been removed meanwhile.
    """
    with transaction.atomic():
        current = lock_login(user)
        if check is not None:
            check(current)
        _check_last_admin(current)
        current.is_active = False
        _name_successor(current, hand_over_to)
        current.save(update_fields=["is_active", "successor"])
        end_sessions(user=current)
        audit("user_removed", current, actor=actor)
    _leave(current, actor)
    with transaction.atomic():
        current = lock_login(current)
        leave_teams(current)
        current.deleted_at = timezone.now()
        _rename(current)


def _leave(user: User, actor: User) -> None:
    """Tell the other apps, outside of the change itself, that a login no longer sells (setting ON_LOGIN_REMOVED).

    The change is committed: if somebody holds one of the customers, the relay goes on with what is left.
    """
    for leave in ports("ON_LOGIN_REMOVED"):
        with passing_busy(f"what login {user.pk} leaves"):
            leave(user=user, actor=actor)


def _name_successor(user: User, hand_over_to: User | None) -> bool:
    """Note who gets the customers of a login that no longer sells; return whether that changed."""
    if hand_over_to is not None:
        if user.sells or user.role == Role.CUSTOMER:
            raise ValidationError({"hand_over_to": [_NOT_LEAVING]})
        if hand_over_to.pk == user.pk or not User.objects.sellers().filter(pk=hand_over_to.pk).exists():
            raise ValidationError({"hand_over_to": ["Choose another active salesperson."]})
    before = user.successor_id
    if user.sells:
        user.successor = None
    elif hand_over_to is not None:
        user.successor = hand_over_to
    return user.successor_id != before


def _rename(user: User) -> None:
    """Free the username and email of a removed login.

    Comes last: changing a unique column takes a lock that blocks everyone who inserts a row pointing at the login,
    and they hold locks on customers.
    """
    if not (user.first_name or user.last_name):
        user.first_name = user.username
    # Random, because anyone may register any name: if this one were taken, the login could not be removed.
    user.username = f"removed-{user.pk}-{secrets.token_hex(8)}"
    user.email = f"{user.username}@removed.invalid"
    user.set_unusable_password()
    SecondFactor.objects.filter(user=user).delete()
    user.save(update_fields=["first_name", "username", "email", "password", "deleted_at"])


def lock_login(user: User) -> User:
    """Lock the login, its managers and all active admins, in order of id, and return the login as it is now.

    While the admins are locked, no other transaction can remove one of them.
    """
    rows = User.objects.select_for_update(no_key=True).present()
    rows = rows.filter(with_managers(user) | Q(role=Role.ADMIN, is_active=True)).order_by("pk")
    for row in rows:
        if row.pk == user.pk:
            return row
    raise NotFound


def _check_last_admin(leaving: User) -> None:
    """Refuse if `leaving` is the only active admin. The admins must be locked (`lock_login`)."""
    admins = User.objects.present().filter(role=Role.ADMIN, is_active=True)
    if admins.filter(pk=leaving.pk).exists() and not admins.exclude(pk=leaving.pk).exists():
        raise ValidationError({"detail": "This is the last active admin. Make someone else an admin first."})


def _check_role(user: User) -> None:
    if user.role not in (Role.ADMIN, Role.SALES):
        raise ValidationError({"role": "The role must be admin or sales. Customers create their login by registering."})


def check_new_password(user: User, password: str, field: str = "password") -> None:
    """Raise ValidationError under the name `field` for a weak password, and for the one that the login has already.

    Raises HashingBusy.
    """
    try:
        validate_password(password, user)
    except DjangoValidationError as error:
        raise ValidationError({field: error.messages})
    # Not the user itself: Django renews the hash of a password that matches, and saves it.
    if user.pk is not None and user.has_usable_password() and check_password(password, user.password):
        raise ValidationError({field: ["This is the old password. Choose another one."]})


def _hashed(user: User, password: str, changes: dict[str, Any]) -> str:
    """Check a new password against the login as it will be, and hash it, which is slow and must not hold any lock."""
    wanted = copy(user)
    for name, value in changes.items():
        setattr(wanted, name, value)
    check_new_password(wanted, password)
    return make_password(password)


def _save(user: User, fields: set[str] | None = None) -> None:
    """Save a login, or some fields of one. Raises ValidationError if its username or email is taken, even by a
    simultaneous request. A login whose name another one had first may keep it (core/folding.py).
    """
    new = {name: getattr(user, name) if fields is None or name in fields else "" for name in ("username", "email")}
    if taken := User.objects.taken(**new, besides=user.pk):
        raise ValidationError(taken)
    try:
        with transaction.atomic():
            user.save(update_fields=fields)
    except IntegrityError:
        taken = User.objects.taken(**new, besides=user.pk)
        raise ValidationError(taken or {"detail": "This username or email is already taken."})
