"""How often somebody may try a password or a code, and how long they wait for the answer.

Every attempt is counted before it is judged, so attempts at once count too. What was typed and the address decide who
is refused (429): the same for logins that exist and for texts that nobody signs in with. What is counted for a login
over all addresses only holds the answer back (core/holding.py), so nobody can lock somebody else out.
"""

from dataclasses import dataclass
from hashlib import sha256

from rest_framework.exceptions import Throttled

from accounts.models import User
from core import origin
from core.folding import same_name
from core.holding import hold_answer
from core.throttles import Limit, network_of

# For what was typed, from one address.
FAILED_LOGINS = Limit("THROTTLE_LOGIN")
# For one address, whatever was typed.
FAILED_FROM_ADDRESS = Limit("THROTTLE_LOGIN_ADDRESS")
# For one login, from everywhere: past it, each failure of the day adds a second to the answer.
FAILED_EVERYWHERE = Limit("THROTTLE_LOGIN_DELAY")
LONGEST_DELAY = 60
# For one login, from everywhere. Whoever is asked for a code has entered the password, so nobody else is locked out.
WRONG_CODES = Limit("THROTTLE_MFA")

TOO_MANY = "Too many failed sign-ins."
TOO_MANY_CODES = "Too many wrong codes."
TOO_MANY_FROM_HERE = "Too many failed sign-ins from your address."


class TooManyGuesses(Throttled):
    """Too many attempts failed, so this one was not judged."""


@dataclass(frozen=True)
class Attempt:
    """One attempt, already counted."""

    typed: str
    network: str
    everywhere: str

    def was_right(self) -> None:
        """Forget the failures before it from the same address. Those from elsewhere still count."""
        FAILED_LOGINS.give_back(self.typed, self.network)
        FAILED_FROM_ADDRESS.take_back(self.network)
        FAILED_EVERYWHERE.take_back(self.everywhere)

    def was_not_judged(self) -> None:
        """Count it no longer."""
        FAILED_LOGINS.take_back(self.typed, self.network)
        FAILED_FROM_ADDRESS.take_back(self.network)
        FAILED_EVERYWHERE.take_back(self.everywhere)


def attempt_to_sign_in(*, login: str, user: User | None, address: str) -> Attempt:
    """Count an attempt to sign in with `login`, which is the name or email of `user`. Raises TooManyGuesses."""
    typed = folded(login)
    return _count(Attempt(typed, network_of(address), f"user {user.pk}" if user is not None else typed))


def attempt_to_confirm(user: User) -> Attempt:
    """Count an attempt to enter the password of whoever is signed in. Raises TooManyGuesses."""
    key = f"user {user.pk}"
    return _count(Attempt(f"password of {key}", network_of(origin.current().address), key))


@dataclass(frozen=True)
class CodeAttempt:
    """One attempt at the code of a second factor, already counted."""

    user: str
    network: str

    def was_right(self) -> None:
        WRONG_CODES.take_back(self.user)
        FAILED_FROM_ADDRESS.take_back(self.network)


def attempt_at_code(user: User) -> CodeAttempt:
    """Count an attempt to enter a code of a login's second factor. Raises TooManyGuesses."""
    attempt = CodeAttempt(f"user {user.pk}", network_of(origin.current().address))
    if not WRONG_CODES.take(attempt.user):
        raise TooManyGuesses(WRONG_CODES.wait(attempt.user), TOO_MANY_CODES)
    if not FAILED_FROM_ADDRESS.take(attempt.network):
        raise TooManyGuesses(FAILED_FROM_ADDRESS.wait(attempt.network), TOO_MANY_FROM_HERE)
    return attempt


def folded(login: str) -> str:
    """Return the key of what was typed as a login: case and spaces around do not matter, and it cannot be read back."""
    return sha256(same_name(login.strip()).encode("utf-8", "replace")).hexdigest()


def _count(attempt: Attempt) -> Attempt:
    if not FAILED_LOGINS.take(attempt.typed, attempt.network):
        raise TooManyGuesses(FAILED_LOGINS.wait(attempt.typed, attempt.network), TOO_MANY)
    if not FAILED_FROM_ADDRESS.take(attempt.network):
        raise TooManyGuesses(FAILED_FROM_ADDRESS.wait(attempt.network), TOO_MANY_FROM_HERE)
    if (past := FAILED_EVERYWHERE.past(attempt.everywhere)) > 0:
        hold_answer(min(past, LONGEST_DELAY), attempt.everywhere)
    return attempt
