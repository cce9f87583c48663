"""Proving that a phone is in a customer's hands."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.exceptions import NotFound, Throttled, ValidationError

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
    """Send a code to the phone that a customer has to prove; the one before it is void.

    Not in a transaction: it waits for the provider. Only a hash is kept; the code is in no message, event or log.
    Raises ValidationError without a phone to prove, Throttled, NotFound, CodeNotSent (503).
    """
    phone = customer.pending_phone or customer.phone
    if not phone:
        raise ValidationError({"phone": ["There is no phone number to verify. Add one to your profile."]})
    if customer.phone_verified and not customer.pending_phone:
        raise ValidationError({"phone": ["This phone number is verified already."]})
    for key in (f"customer {customer.pk}", f"phone {phone}"):
        if not CODES_SENT.take(key):
            raise Throttled(CODES_SENT.wait(key), "Too many codes were sent.")
    code = PhoneCode.new_code()
    with transaction.atomic():
        try:
            lock(customer.pk)
        except Customer.DoesNotExist:  # erased or merged since the look
            raise NotFound
        PhoneCode.objects.update_or_create(
            customer=customer,
            defaults={
                "phone": phone,
                "digest": PhoneCode.digest_of(customer.pk, phone, code),
                "expires_at": timezone.now() + PhoneCode.LIFETIME,
                "tries": 0,
            },
        )
    _code_sender().send_phone_code(phone=phone, code=code)


def _code_sender() -> Any:
    """The channel that sends codes: the first one (setting CHANNELS)."""
    return next(iter(mapped_ports("CHANNELS").values()))


def verify_phone(*, customer_id: int, actor: User, code: str) -> Customer:
    """Prove the phone with the code sent to it and return the customer: another row when two turned out to be one.

    Raises ValidationError for a wrong, used or expired code. Not atomic as a whole: a wrong try counts.
    """
    proved = _try(customer_id, actor, code)
    if isinstance(proved, str):
        raise ValidationError({"code": [proved]})
    return proved


@transaction.atomic
def _try(customer_id: int, actor: User, code: str) -> "Customer | str":
    customer, holder = _lock(customer_id)
    sent = PhoneCode.objects.filter(customer=customer).first()
    if sent is None or not sent.is_open() or sent.phone != (customer.pending_phone or customer.phone):
        return "There is no valid code. Ask for a new one."
    sent.tries += 1
    sent.save(update_fields=["tries"])
    if not sent.matches(code):
        left = sent.MAX_TRIES - sent.tries
        return f"The code is wrong. {left} tries left." if left else "The code is wrong. Ask for a new one."
    sent.delete()
    if holder is not None and holder.user_id is not None:
        return PHONE_TAKEN
    if holder is not None:
        holder.phone_verified = True
        absorb(holder, customer, actor=actor)
        customer = holder
    else:
        customer.phone, customer.pending_phone, customer.phone_verified = sent.phone, "", True
        try:
            with transaction.atomic():
                customer.save(update_fields=["phone", "pending_phone", "phone_verified", "updated_at"])
        except IntegrityError:  # whose it became since the look, as when its holder writes for the first time
            return "This phone number was taken just now. Ask for a new code."
    record(customer, "customer_updated", customer_event_data(customer), actor=actor)
    return customer


def _lock(customer_id: int) -> tuple[Customer, Customer | None]:
    """Lock a customer and, before or after it by id, whoever else holds the phone that waits to be proved.

    Raises NotFound when the customer is gone.
    """
    pending = Customer.objects.filter(pk=customer_id).values_list("pending_phone", flat=True).first()
    holder_id = Customer.objects.filter(phone=pending).values_list("pk", flat=True).first() if pending else None
    try:
        locked = {
            # The one that may go is kept from those who insert rows that point at it.
            pk: lock(pk, deleting=pk == customer_id)
            for pk in sorted(filter(None, {customer_id, holder_id}))
        }
    except Customer.DoesNotExist:
        raise NotFound
    holder = locked.get(holder_id) if holder_id else None
    # Asked before the locks: the phone may have gone to somebody else since.
    still = holder is not None and holder.phone == locked[customer_id].pending_phone
    return locked[customer_id], holder if still else None
