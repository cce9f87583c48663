"""What WhatsApp says of a customer and the desk does not know: the name, the handle and the phone.

A name that is there stays: people at the desk may have written it.
"""

from rest_framework.exceptions import ValidationError

from contacts.models import Contact
from core.phones import variants
from customers.actions.customers import update_customer
from customers.models import Customer
from whatsapp.payload.elements import Person


def split_name(name: str) -> dict[str, str]:
    """A profile name as first and last name. Both are empty if there is none."""
    first_name, _, last_name = " ".join(name.split()).partition(" ")
    return {"first_name": first_name[:150], "last_name": last_name[:150]}


def fill_profile(customer_id: int, person: Person, *, wa_id: str | None = None) -> bool:
    """Fill in the name and the handle of a customer who lacks them; return whether anything changed.

    Call it in a transaction. `wa_id` is where they wrote from, if their phone is hidden this time. A contact's name is
    not the customer's. Customers with a login have their own username.
    """
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        return False
    changes = missing(customer, person)
    if not changes or is_contact(customer, person.wa_id or wa_id):
        return False
    update_customer(customer_id=customer_id, actor=None, changes=changes)
    return True


def missing(customer: Customer, person: Person) -> dict[str, str]:
    """What a person on WhatsApp says about themselves and the customer's row does not."""
    changes = {}
    if person.name.strip() and not customer.first_name and not customer.last_name:
        changes = split_name(person.name)
    if person.username and not customer.username and customer.user_id is None:
        changes["username"] = person.username
    return changes


def is_contact(customer: Customer, wa_id: str | None) -> bool:
    """Whether it is one of the customer's contacts who writes from there, and not the customer."""
    if wa_id is None or (customer.phone is not None and f"+{wa_id}" in variants(customer.phone)):
        return False
    return Contact.objects.reached_at(variants(f"+{wa_id}")).filter(customer=customer).exists()


def change_phone(customer: Customer, phone: str, *, verified: bool = False) -> bool:
    """Give a locked customer a phone that WhatsApp proved, unless another customer has it, in any spelling."""
    holder = Customer.all_rows.holding_phone(variants(phone))
    if holder is not None and holder != customer:
        return False
    changes = {"phone": phone, "phone_trusted": True, "phone_verified": verified}
    try:
        update_customer(customer_id=customer.pk, actor=None, changes=changes)
    except ValidationError:  # somebody took it meanwhile
        return False
    return True
