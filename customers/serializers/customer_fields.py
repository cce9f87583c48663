"""Customers named by their id in a request's body."""

from typing import Any

from rest_framework import serializers

from customers.models import Customer


class CustomerField(serializers.PrimaryKeyRelatedField[Customer]):
    """One of the customers of `queryset`; all others look as if they did not exist.

    Raises CustomerMerged for a row that became part of one of them.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("pk_field", serializers.IntegerField())
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Customer:
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError as error:
            if error.get_codes() == ["does_not_exist"]:
                customers: Any = self.get_queryset()
                customers.refuse_merged(int(data))
            raise


class DeskCustomerField(CustomerField):
    """A customer on the caller's desk."""

    def get_queryset(self) -> Any:
        return Customer.objects.at_desk_of(self.context["request"].user)


class CustomerIdField(CustomerField):
    """The id of a customer. Whether there is one whom the caller may see is left to the action, which locks them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Customer.objects.none(), **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        return serializers.IntegerField().to_internal_value(data)
