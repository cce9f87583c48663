"""Mails to people with a login. A request only notes what is to be written; the relay writes and sends it.

So no answer waits for a mail server, and none tells by its time whether there was somebody to write to.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from accounts.actions.passwords import reset_letter
from accounts.letters import Letter
from accounts.models import Mail
from accounts.new_sign_ins import new_sign_in_letter
from core.db import leases

logger = logging.getLogger(__name__)

# Longer than a mail server is given to answer (EMAIL_TIMEOUT), for each of the few steps of a delivery.
LEASE_SECONDS = 120

# Who writes a mail of a kind, from what was noted; None if there is nobody to write to.
WRITERS: dict[str, Callable[..., Letter | None]] = {
    "password_reset": reset_letter,
    "new_sign_in": new_sign_in_letter,
}


@dataclass(frozen=True)
class Job:
    """A claimed mail and the token that may finish it."""

    row: Mail
    token: UUID


class Mails:
    """The relay's source of mails to send."""

    workers = 2

    def settle(self, *, everything: bool) -> None:
        """Drop mails that were not sent in time; with `everything`, free those that a relay was sending."""
        now = timezone.now()
        # A lease runs out by itself, and a mail that is sent twice does no harm.
        if leases.any_row(f"SELECT 1 FROM {Mail._meta.db_table} WHERE expires_at <= %s", now):
            for mail in Mail.objects.filter(expires_at__lte=now):
                logger.error("mail %s was not sent in time and is dropped", mail)
                mail.delete()
        if everything:
            Mail.objects.exclude(claim_token=None).update(lease_until=None, claim_token=None)

    def after_restore(self, *, before: datetime) -> int:
        """Drop mails that may have been sent: people ask for another one."""
        Mail.objects.filter(not_before__lt=before).delete()
        return 0

    def claim(self, limit: int) -> list[Job]:
        due = Mail.objects.due(timezone.now())
        return [Job(*claimed) for claimed in leases.claim_free(due, "1 = 1", limit, seconds=LEASE_SECONDS)]

    def run(self, job: Job) -> None:
        held = Mail.objects.filter(pk=job.row.pk, claim_token=job.token)
        what = job.row.what
        if what is None:
            logger.error("mail %s cannot be read: FIELD_ENCRYPTION_KEYS or SECRET_KEY has changed", job.row)
            held.delete()
            return
        letter = WRITERS[job.row.kind](**what)
        try:
            if letter is not None:
                _send(letter)
        except Exception as error:  # noqa: BLE001 - the errors depend on the mail backend. Their texts may name people
            logger.error("mail %s was not taken, and is tried again: %s", job.row, type(error).__name__)
            later = timezone.now() + leases.backoff(job.row.attempts, first=5)
            held.update(not_before=later, lease_until=None, claim_token=None)
        else:
            held.delete()


def _send(letter: Letter) -> None:
    message: Any = EmailMessage(letter.subject, letter.text, settings.DEFAULT_FROM_EMAIL, [letter.to])
    message.send()
