"""Customers register."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, transaction
from rest_framework.exceptions import ValidationError

from accounts.models import Role, User
from customers.actions.customers import PHONE_TAKEN
from customers.events import record
from customers.models import Customer, Source
from customers.serializers.customers import customer_event_data


def register(*, username: str, email: str, password: str, phone: str | None = None, **fields: Any) -> Customer:
    """Create a login and its customer.

    A phone that a customer without a login has waits as `pending_phone` until it is proved. Raises ValidationError for
    a weak password and for a username, email or phone that another login has.
    """
    login = User(
        username=username,
        email=email,
        first_name=fields.get("first_name", ""),
        last_name=fields.get("last_name", ""),
        role=Role.CUSTOMER,
    )
    errors: dict[str, list[str]] = User.objects.taken(username=username, email=email)
    try:
        validate_password(password, login)
    except DjangoValidationError as error:
        errors["password"] = error.messages
    if phone is not None and Customer.objects.filter(phone=phone).exclude(user=None).exists():
        errors["phone"] = [PHONE_TAKEN]
    if errors:
        raise ValidationError(errors)
    login.set_password(password)  # slow on purpose, and therefore outside of any transaction
    return _save(login, phone, fields)


@transaction.atomic
def _save(login: User, phone: str | None, fields: dict[str, Any]) -> Customer:
    try:
        with transaction.atomic():
            login.save()
    except IntegrityError:  # somebody else was faster
        taken = User.objects.taken(username=login.username, email=login.email)
        raise ValidationError(taken or {"detail": "This username or email is taken."})
    customer = Customer(
        user=login, username=login.username, email=login.email, phone=phone, source=Source.WEBSITE, **fields
    )
    try:
        with transaction.atomic():
            customer.save()
    except IntegrityError:
        holder = Customer.objects.filter(phone=phone).first()
        if phone is None or holder is None:
            raise
        if holder.user_id is not None:
            raise ValidationError({"phone": [PHONE_TAKEN]})
        customer.phone, customer.pending_phone = None, phone
        customer.save()
    record(customer, "customer_updated", customer_event_data(customer), actor=login)
    return customer
