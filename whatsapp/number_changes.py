"""What admins change about a business number: what it is called, its account, and its access token."""

from django.db import transaction

from accounts.audit import audit
from accounts.models import User
from core.changes import changed, state
from messaging.actions.number_pauses import resume_access
from messaging.models import UNTIL_RESUMED, BusinessNumber
from whatsapp.business_numbers import TRANSPORT
from whatsapp.models import NumberAccess

_TOLD = ("external_id", "display")


@transaction.atomic
def save_number(
    *, number: BusinessNumber, actor: User, waba_id: str, token: str = "", forget_token: bool = False
) -> bool:
    """Save a number, new or changed, with its account and, if given, its new token; return whether it sends again.

    A number that was halted sends again with a new token. The audit trail tells that a token changed, not what it is.
    """
    before = BusinessNumber.objects.filter(pk=number.pk).first()
    if before is None:
        number.transport = TRANSPORT
    number.save()
    access = NumberAccess.objects.filter(number=number).first() or NumberAccess(number=number)
    told = {"waba_id": access.waba_id, "access_token": access.token}
    access.waba_id = waba_id
    access.token = token or ("" if forget_token else access.token)
    access.save()
    changes = changed(
        {**(state(before, *_TOLD) if before else {}), **told},
        {**state(number, *_TOLD), "waba_id": access.waba_id, "access_token": access.token},
        secret=frozenset({"access_token"}),
    )
    audit("number_changed" if before else "number_added", number, actor=actor, changes=changes)
    has_new = access.token not in ("", told["access_token"])
    if has_new and number.paused_until == UNTIL_RESUMED:
        return resume_access(number)
    return False
