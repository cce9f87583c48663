"""What was noted about a person (setting PERSONAL_DATA)."""

from customer_data.models import CustomerData
from customers.models import Customer
from customers.related import Collected, rows_of

_MAX_KEY = 255


class Notes:
    """Keys, values and files; they go with the customer's row."""

    @staticmethod
    def collect(customer: Customer) -> Collected:
        entries = CustomerData.objects.filter(customer=customer)
        with_file = entries.exclude(file="")
        files = {f"{one.pk}-{one.file_name or 'file'}": one.file.name or "" for one in with_file}
        return Collected("customer_data", rows_of(entries), files)

    @staticmethod
    def erase(customer: Customer) -> None:
        """Nothing stays once the customer is deleted."""

    @staticmethod
    def merge(*, into: Customer, gone: Customer) -> None:
        """A key that the same user has noted of both gets a number, so that neither is lost."""
        taken = set(CustomerData.objects.filter(customer=into).values_list("user_id", "key"))
        for entry in CustomerData.objects.filter(customer=gone).order_by("pk"):
            key, count = entry.key, 1
            while (entry.user_id, key) in taken:
                count += 1
                suffix = f" ({count})"
                key = entry.key[: _MAX_KEY - len(suffix)] + suffix
            taken.add((entry.user_id, key))
            CustomerData.objects.filter(pk=entry.pk).update(customer=into, key=key)
