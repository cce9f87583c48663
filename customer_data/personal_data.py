"""What was noted about a customer: how it is exported, merged and erased (setting PERSONAL_DATA)."""

from collections.abc import Iterable

from customer_data.models import MAX_KEY, CustomerData
from customers.keepers import Keeper, Moved
from customers.models import Customer, Merge


class Entries(Keeper):
    """Keys with values and files. Each user has one entry per key and customer."""

    def files(self, customer: Customer) -> dict[str, str]:
        """The entries' files."""
        with_file = CustomerData.objects.filter(customer=customer).exclude(file="")
        return {f"{one.pk}-{one.file_name or 'file'}": one.file.name or "" for one in with_file}

    def merge(self, *, into: Customer, gone: Customer) -> Moved:
        """A key that the same user has for both customers gets a number, so that no entry is lost."""
        entries = self.rows(gone).order_by("pk").only("user_id", "key")
        taken = set(self.rows(into).values_list("user_id", "key"))
        renamed = _renamed(entries, taken)
        ids = self.hand_over(self.rows(gone).exclude(pk__in=renamed), into, gone)
        for pk, (_, key) in renamed.items():
            ids += self.hand_over(self.rows(gone).filter(pk=pk), into, gone, key=key)
        return {"ids": ids, "renamed": renamed}

    def undo(self, *, into: Customer, gone: Customer, merge: Merge) -> None:
        """Entries get their key back, unless it was changed since or another entry has it now."""
        moved = merge.moved_of(self.relation)
        renamed = {int(pk): keys for pk, keys in moved.get("renamed", {}).items()}
        self.hand_back([pk for pk in moved["ids"] if pk not in renamed], into, gone)
        taken = set(self.rows(gone).values_list("user_id", "key"))
        for entry in self.rows(into).filter(pk__in=renamed).order_by("pk").only("user_id", "key"):
            before, after = renamed[entry.pk]
            key = before if entry.key == after and (entry.user_id, before) not in taken else entry.key
            self.hand_back([entry.pk], into, gone, key=key)


def _renamed(entries: Iterable[CustomerData], taken: set[tuple[int, str]]) -> dict[int, tuple[str, str]]:
    """The old and new keys, by id, of entries whose key their user has `taken` already."""
    renamed = {}
    for entry in entries:
        key, count = entry.key, 1
        while (entry.user_id, key) in taken:
            count += 1
            suffix = f" ({count})"
            key = entry.key[: MAX_KEY - len(suffix)] + suffix
        taken.add((entry.user_id, key))
        if key != entry.key:
            renamed[entry.pk] = (entry.key, key)
    return renamed


KEEPERS = (Entries("data", file="customer_data"),)
