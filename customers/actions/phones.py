"""Who a phone belongs to: customers prove that it is theirs by entering a code sent to it, or staff confirm it."""

from typing import Any

from django.db import transaction
from rest_framework.exceptions import Throttled, ValidationError

from accounts.audit import audit
from accounts.models import User
from core import origin
from core.live.publishing import wake_relays
from core.phones import variants
from core.ports import mapped_ports
from core.throttles import Limit, network_of
from customers.actions.locking import lock
from customers.actions.merge import merge_customers
from customers.actions.phone_changes import PHONE_TAKEN, refuse_if_elsewhere, save, trusted_as
from customers.errors import CodeNotSent
from customers.events import record
from customers.models import Customer, MergeReason, PhoneCode
from customers.serializers.customers import customer_event_data

# For an account, and for a phone from all who only claim it: they do not hold back the account that has it.
CODES_SENT = Limit("THROTTLE_PHONE_CODE")
# For an address, over all phones: codes sent, and wrong guesses.
CODES_FROM_ADDRESS = Limit("THROTTLE_PHONE_CODE_ADDRESS")


def send_phone_code(*, customer: Customer) -> None:
    """Have a code sent to the phone that a customer has to prove. An earlier code becomes invalid.

    The relay sends it, so that the answer waits for nobody and tells nothing about the phone. The code is in no
    message, event or log. Raises ValidationError without a phone to prove, Throttled, Http404, CodeNotSent (503)
    without a channel.
    """
    phone = _phone_to_prove(customer)
    if not phone:
        raise ValidationError({"phone": ["There is no phone number to verify. Add one to your profile."]})
    if customer.phone_verified and customer.phone_trusted and not customer.pending_phone:
        raise ValidationError({"phone": ["This phone number is already verified."]})
    if not mapped_ports("CHANNELS"):
        raise CodeNotSent
    _count_code(customer, phone)
    code = PhoneCode.new_code()
    with transaction.atomic():
        lock(customer.pk)  # may have been erased or merged in the meantime
        PhoneCode.objects.update_or_create(customer=customer, defaults=PhoneCode.open_for(customer.pk, phone, code))
        audit("phone_code_sent", customer, actor=customer.user, customer=customer.pk)
        wake_relays()


def _count_code(customer: Customer, phone: str) -> None:
    """Count a code that is to be sent. Raises Throttled."""
    limits = [(CODES_FROM_ADDRESS, f"sent to {_here()}"), (CODES_SENT, f"customer {customer.pk}")]
    if phone != customer.phone:
        limits.append((CODES_SENT, f"claimed phone {min(variants(phone))}"))
    for limit, key in limits:
        if not limit.take(key):
            raise Throttled(limit.wait(key), "Too many codes were sent.")


def _here() -> str:
    return network_of(origin.current().address)


@transaction.atomic
def confirm_phone(*, customer_id: int, actor: User) -> Customer:
    """Vouch for what a customer claims, or else for their phone after it stopped being trusted. Returns the customer.

    Messages from that phone are theirs from then on. Raises Http404, ValidationError when there is nothing to confirm
    and when somebody else has the phone or writes from it.
    """
    customer = lock(customer_id, actor=actor)
    phone = customer.phone_to_confirm
    if phone is None:
        raise ValidationError({"phone": ["There is no phone number to confirm."]})
    refuse_if_elsewhere(phone, customer.pk)
    _set_phone(customer, trusted_as(phone, actor=actor))
    record(customer, "customer_updated", customer_event_data(customer), actor=actor, verb="phone_confirmed")
    return customer


def _set_phone(customer: Customer, fields: dict[str, Any]) -> None:
    """Give a locked customer a phone in place of what they claim. Raises ValidationError when it is taken."""
    fields = {**fields, "pending_phone": ""}
    for field, value in fields.items():
        setattr(customer, field, value)
    save(customer, [*fields, "updated_at"])


def _phone_to_prove(customer: Customer) -> str | None:
    return customer.pending_phone or customer.phone


def verify_phone(*, customer_id: int, actor: User, code: str) -> Customer:
    """Prove the phone with the code sent to it, and return the customer: another row when two turned out to be one.

    Raises ValidationError for a wrong, used or expired code; Throttled after too many wrong ones from this address,
    whatever the phones. Not atomic as a whole: a wrong try counts.
    """
    guesses = f"guesses of {_here()}"
    if not CODES_FROM_ADDRESS.take(guesses):
        raise Throttled(CODES_FROM_ADDRESS.wait(guesses), "Too many wrong codes.")
    proved = _enter(customer_id, actor, code)
    if isinstance(proved, str):
        raise ValidationError({"code": [proved]})
    CODES_FROM_ADDRESS.take_back(guesses)
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
        audit("phone_code_wrong", customer, actor=actor, customer=customer.pk)
        return _wrong(tries_left=sent.MAX_TRIES - sent.tries)
    sent.delete()
    if holder is not None and holder.user_id is not None:
        return PHONE_TAKEN
    if holder is not None:
        reason = MergeReason.PROVED
        merge_customers(gone_id=customer.pk, into_id=holder.pk, actor=actor, reason=reason, proved_phone=sent.phone)
        return Customer.objects.get(pk=holder.pk)
    if (refused := _set_proved(customer, sent.phone)) is not None:
        return refused
    record(customer, "customer_updated", customer_event_data(customer), actor=actor, verb="phone_verified")
    return customer


def _wrong(*, tries_left: int) -> str:
    if not tries_left:
        return "The code is wrong. Ask for a new one."
    return f"The code is wrong. You have {tries_left} {'try' if tries_left == 1 else 'tries'} left."


def _set_proved(customer: Customer, phone: str) -> str | None:
    """Give a customer their proved phone, or return why not: it belongs to somebody else."""
    try:
        refuse_if_elsewhere(phone, customer.pk)
    except ValidationError:
        return PHONE_TAKEN
    try:
        with transaction.atomic():
            _set_phone(customer, trusted_as(phone, actor=None, verified=True))
    except ValidationError:
        return "This phone number was just taken by somebody else. Ask for a new code."
    return None


def _lock_with_holder(customer_id: int) -> tuple[Customer, Customer | None]:
    """Lock a customer and, in order of id, whoever else has the phone that is to be proved. Raises Http404."""
    holder = _holder(_phone_to_prove(Customer.objects.or_404(customer_id)))
    other_id = holder.pk if holder is not None and holder.pk != customer_id else None
    locked = {pk: lock(pk) for pk in sorted(filter(None, {customer_id, other_id}))}
    customer = locked[customer_id]
    # Looked up before the locks: the phone may have changed hands since.
    now = _holder(_phone_to_prove(customer))
    return customer, locked.get(now.pk) if now is not None and now.pk != customer_id else None


def _holder(phone: str | None) -> Customer | None:
    return Customer.all_rows.holding_phone(variants(phone)) if phone else None
