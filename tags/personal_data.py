"""Tags given to a person (setting PERSONAL_DATA)."""

from customers.models import Customer
from customers.related import Collected
from tags.actions.customer_tags import take_over
from tags.models import CustomerTag


class GivenTags:
    """They go with the customer's row."""

    @staticmethod
    def collect(customer: Customer) -> Collected:
        given = CustomerTag.objects.filter(customer=customer).order_by("pk")
        return Collected("tags", list(given.values("tag__name", "created_at")))

    @staticmethod
    def erase(customer: Customer) -> None:
        """Nothing stays once the customer is deleted."""

    @staticmethod
    def merge(*, into: Customer, gone: Customer) -> None:
        take_over(into=into, gone=gone)
