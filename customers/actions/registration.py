"""Customers register."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, transaction
from rest_framework.exceptions import ValidationError

from accounts.models import Role, User
from customers.events import record
from customers.models import Customer, Source
from customers.serializers.customers import customer_event_data


def register(*, username: str, email: str, password: str, phone: str | None = None, **fields: Any) -> Customer:
    """Create a login and its customer.

    The phone waits as a claim. Whether it is known is not looked up, so that neither the answer nor its time tells.
    Raises ValidationError for a weak password and for a username or email that another login has.
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
    customer: Customer = Customer.objects.create(
        user=login,
        username=login.username,
        email=login.email,
        source=Source.WEBSITE,
        pending_phone=phone or "",
        **fields,
    )
    record(customer, "customer_updated", customer_event_data(customer), actor=login, verb="registered")
    return customer
