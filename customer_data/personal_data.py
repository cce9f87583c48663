"""What was noted about a customer: how it is exported, merged and erased (setting PERSONAL_DATA)."""

from customer_data.models import CustomerData
from customers.models import Customer
from customers.related import Keeper

_MAX_KEY = 255


class Entries(Keeper):
    """Keys with values and files. Each user has one entry per key and customer."""

    def files(self, customer: Customer) -> dict[str, str]:
        """The entries' files."""
        with_file = CustomerData.objects.filter(customer=customer).exclude(file="")
        return {f"{one.pk}-{one.file_name or 'file'}": one.file.name or "" for one in with_file}

    def merge(self, *, into: Customer, gone: Customer) -> list[int]:
        """A key that the same user has for both customers gets a number, so that no entry is lost."""
        taken = set(self.rows(into).values_list("user_id", "key"))
        moved = []
        for entry in self.rows(gone).order_by("pk"):
            key, count = entry.key, 1
            while (entry.user_id, key) in taken:
                count += 1
                suffix = f" ({count})"
                key = entry.key[: _MAX_KEY - len(suffix)] + suffix
            taken.add((entry.user_id, key))
            moved += self.hand_over(self.rows(gone).filter(pk=entry.pk), into, key=key)
        return moved


KEEPERS = (Entries("data", file="customer_data"),)
