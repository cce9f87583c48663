"""The access token of a business number, from the environment or from the database."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.crypto import salted_hmac

from messaging.models import BusinessNumber
from whatsapp.business_numbers import own_phone_number_id
from whatsapp.models import NumberAccess
from whatsapp.sandbox.account import ACCOUNT_ID


@dataclass(frozen=True)
class Access:
    """An access token, and Meta's id of the WhatsApp Business Account it belongs to."""

    token: str
    waba_id: str

    @property
    def fingerprint(self) -> str:
        """A value that tells tokens apart without revealing them."""
        return salted_hmac("whatsapp.access", self.token, algorithm="sha256").hexdigest()


def access_of(number: BusinessNumber) -> Access | None:
    """The access of a number; None if there is no token for it. In the sandbox every number has access without one."""
    if settings.WHATSAPP_SANDBOX:
        return Access("", ACCOUNT_ID)
    if _is_own(number.external_id):
        return Access(settings.WHATSAPP_ACCESS_TOKEN, settings.WHATSAPP_BUSINESS_ACCOUNT_ID)
    row = NumberAccess.objects.filter(number=number).first()
    if row is None or not row.token:
        return None
    return Access(row.token, row.waba_id)


def can_access(external_id: str, encrypted_token: str) -> bool:
    """Whether `access_of` finds access for a number with this id and stored token."""
    if settings.WHATSAPP_SANDBOX or _is_own(external_id):
        return True
    return bool(encrypted_token and NumberAccess(encrypted_token=encrypted_token).token)


def _is_own(external_id: str) -> bool:
    return external_id == own_phone_number_id()


def account_of(number: BusinessNumber) -> str:
    """The account whose templates a number can send; empty if it is not known."""
    access = access_of(number)
    return access.waba_id if access is not None else ""
