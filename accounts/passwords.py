"""What a password must be like (setting AUTH_PASSWORD_VALIDATORS)."""

from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from zxcvbn import zxcvbn

# How many guesses it has to withstand. Eight random characters need 100 million; "Summer2024!" 28 million.
FEWEST_GUESSES = 50_000_000
# It takes time with the square of the length, and knows no longer text: 60 ms for so many characters.
_LONGEST = 72
_PERSONAL = ("username", "email", "first_name", "last_name")


class GuessableValidator(CommonPasswordValidator):
    """Refuses what is known from breaches or put together from what is.

    Two lists of some 50,000 passwords, and names, words, dates, keyboards and repetitions as zxcvbn judges them.
    """

    def validate(self, password: str, user: Any = None) -> None:
        if (why := self._why_guessable(password, user)) is not None:
            raise ValidationError(
                f"This password is too easy to guess{why}. Put three or four words together that have nothing to do "
                "with each other.",
                code="password_guessable",
            )

    def _why_guessable(self, password: str, user: Any) -> str | None:
        """Why it is, as a part of a sentence, which may be empty; None if it is not."""
        if password.lower().strip() in self.passwords:
            return ": it is known from breaches"
        own = [text for name in _PERSONAL if (text := getattr(user, name, ""))]
        judged = zxcvbn(password[:_LONGEST], user_inputs=[*own, "patter"])
        if judged["guesses"] >= FEWEST_GUESSES:
            return None
        known = any(part.get("dictionary_name") == "passwords" for part in judged["sequence"])
        return ": it is much like passwords that are known from breaches" if known else ""

    def get_help_text(self) -> str:
        return "Your password must not be easy to guess. Three or four words that do not belong together are good."
