"""Our own numbers, remembered per process: every element of every webhook asks for one."""

from django.conf import settings

from messaging.models import BusinessNumber

TRANSPORT = "whatsapp"
# The number of a Patter without an account at Meta.
SANDBOX_PHONE_NUMBER_ID = "100000000000001"

_known: dict[str, BusinessNumber] = {}


def own_phone_number_id() -> str:
    """Meta's id of the number we send from."""
    return settings.WHATSAPP_PHONE_NUMBER_ID or SANDBOX_PHONE_NUMBER_ID


def home_number() -> BusinessNumber:
    """The number from which a chat is begun."""
    # Not remembered: it is asked for inside a transaction that may be rolled back.
    number, _ = BusinessNumber.objects.get_or_create(transport=TRANSPORT, external_id=own_phone_number_id())
    return number


def number_of(phone_number_id: str, display: str = "") -> BusinessNumber:
    """Return the business number Meta calls `phone_number_id`, made when it is new.

    Call it outside the transaction of an element: a number that is rolled back must not be remembered.
    """
    number = _known.get(phone_number_id)
    if number is None:
        number, _ = BusinessNumber.objects.get_or_create(
            transport=TRANSPORT, external_id=phone_number_id, defaults={"display": display[:40]}
        )
        _known[phone_number_id] = number
    return number


def forget() -> None:
    """Look every number up again: after a failure, which may be that one is gone."""
    _known.clear()
