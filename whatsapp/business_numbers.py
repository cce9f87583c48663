"""Our own numbers. Each process caches them, because every element of every webhook asks for one."""

from django.conf import settings

from messaging.models import BusinessNumber
from whatsapp.sandbox.account import PHONE_NUMBER_ID, SHOWN_NUMBER

TRANSPORT = "whatsapp"

_known: dict[str, BusinessNumber] = {}


def own_phone_number_id() -> str:
    """Meta's id of the number from the environment; without one, that of the sandbox."""
    return settings.WHATSAPP_PHONE_NUMBER_ID or PHONE_NUMBER_ID


def home_number() -> BusinessNumber:
    """The number from which new chats are started."""
    # Not cached: this is called inside transactions that may be rolled back.
    number, _ = BusinessNumber.objects.get_or_create(
        transport=TRANSPORT, external_id=own_phone_number_id(), defaults={"display": _shown(own_phone_number_id())}
    )
    return number


def number_of(phone_number_id: str, display: str = "") -> BusinessNumber:
    """Return the business number that Meta calls `phone_number_id`; a new one is created.

    Call it outside the transaction of an element: a number that may be rolled back must not be cached.
    """
    display = _shown(phone_number_id, display)
    number = _known.get(phone_number_id)
    if number is None:
        number, _ = BusinessNumber.objects.get_or_create(
            transport=TRANSPORT, external_id=phone_number_id, defaults={"display": display[:40]}
        )
        _known[phone_number_id] = number
    if display and display != number.display and not number.phone_known:
        # Made before WhatsApp had said its phone, as that of the environment is.
        number.display = display[:40]
        BusinessNumber.objects.filter(pk=number.pk).update(display=number.display)
    return number


def _shown(phone_number_id: str, display: str = "") -> str:
    """The number as people read it: the sandbox has none, and would say its id."""
    return SHOWN_NUMBER if phone_number_id == PHONE_NUMBER_ID else display


def forget() -> None:
    """Empty the cache, after a failure that may have been caused by a deleted number."""
    _known.clear()
