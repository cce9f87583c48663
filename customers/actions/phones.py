"""Customers prove that a phone is theirs, by entering a code sent to it."""

from typing import Any

from django.db import IntegrityError, transaction
from rest_framework.exceptions import Throttled, ValidationError

from accounts.models import User
from core.ports import mapped_ports
from core.throttles import Limit
from customers.actions.customers import PHONE_TAKEN
from customers.actions.locking import lock
from customers.actions.merge import absorb
from customers.events import record
from customers.models import Customer, PhoneCode
from customers.serializers.customers import customer_event_data

CODES_SENT = Limit("THROTTLE_PHONE_CODE")


def send_phone_code(*, customer: Customer) -> None:
    """Send a code to the phone that a customer has to prove. An earlier code becomes invalid.

    Not in a transaction: it waits for the provider. Only a hash is kept; the code is in no message, event or log.
    Raises ValidationError without a phone to prove, Throttled, Http404, CodeNotSent (503).
    """
    phone = _phone_to_prove(customer)
    if not phone:
        raise ValidationError({"phone": ["There is no phone number to verify. Add one to your profile."]})
    if customer.phone_verified and not customer.pending_phone:
        raise ValidationError({"phone": ["This phone number is already verified."]})
    for key in (f"customer {customer.pk}", f"phone {phone}"):
        if not CODES_SENT.take(key):
            raise Throttled(CODES_SENT.wait(key), "Too many codes were sent.")
    code = PhoneCode.new_code()
    with transaction.atomic():
        lock(customer.pk)  # may have been erased or merged in the meantime
        PhoneCode.objects.update_or_create(customer=customer, defaults=PhoneCode.open_for(customer.pk, phone, code))
    _code_sender().send_phone_code(phone=phone, code=code)


def _phone_to_prove(customer: Customer) -> str | None:
    return customer.pending_phone or customer.phone


def _code_sender() -> Any:
    """The channel that sends codes: the first one (setting CHANNELS)."""
    return next(iter(mapped_ports("CHANNELS").values()))


def verify_phone(*, customer_id: int, actor: User, code: str) -> Customer:
    """Prove the phone with the code sent to it, and return the customer: another row when two turned out to be one.

    Raises ValidationError for a wrong, used or expired code. Not atomic as a whole: a wrong try counts.
    """
    proved = _enter(customer_id, actor, code)
    if isinstance(proved, str):
        raise ValidationError({"code": [proved]})
    return proved


@transaction.atomic
def _enter(customer_id: int, actor: User, code: str) -> "Customer | str":
    """The customer, now with a proved phone; or what is wrong, when only the count of tries changed."""
    customer, holder = _lock_with_holder(customer_id)
    sent = PhoneCode.objects.filter(customer=customer).first()
    if sent is None or not sent.is_open() or sent.phone != _phone_to_prove(customer):
        return "There is no valid code. Ask for a new one."
    sent.tries += 1
    sent.save(update_fields=["tries"])
    if not sent.matches(code):
        return _wrong(tries_left=sent.MAX_TRIES - sent.tries)
    sent.delete()
    if holder is not None and holder.user_id is not None:
        return PHONE_TAKEN
    if holder is not None:
        holder.phone_verified = True
        absorb(holder, customer, actor=actor)
        customer = holder
    elif not _set_proved(customer, sent.phone):
        return "This phone number was just taken by somebody else. Ask for a new code."
    record(customer, "customer_updated", customer_event_data(customer), actor=actor)
    return customer


def _wrong(*, tries_left: int) -> str:
    if not tries_left:
        return "The code is wrong. Ask for a new one."
    return f"The code is wrong. You have {tries_left} {'try' if tries_left == 1 else 'tries'} left."


def _set_proved(customer: Customer, phone: str) -> bool:
    """Give a customer their proved phone; False when somebody else has it since, such as who just wrote from it."""
    customer.phone, customer.pending_phone, customer.phone_verified = phone, "", True
    try:
        with transaction.atomic():
            customer.save(update_fields=["phone", "pending_phone", "phone_verified", "updated_at"])
    except IntegrityError:
        return False
    return True


def _lock_with_holder(customer_id: int) -> tuple[Customer, Customer | None]:
    """Lock a customer and, in order of id, whoever else holds the phone that waits to be proved.

    Raises Http404 when the customer is gone.
    """
    pending = Customer.objects.filter(pk=customer_id).values_list("pending_phone", flat=True).first()
    holder_id = Customer.objects.filter(phone=pending).values_list("pk", flat=True).first() if pending else None
    locked = {
        # The one that may be deleted is locked against inserts of rows that point at it.
        pk: lock(pk, deleting=pk == customer_id)
        for pk in sorted(filter(None, {customer_id, holder_id}))
    }
    holder = locked.get(holder_id) if holder_id else None
    # Looked up before the locks: the phone may have changed hands since.
    still_holds = holder is not None and holder.phone == locked[customer_id].pending_phone
    return locked[customer_id], holder if still_holds else None
