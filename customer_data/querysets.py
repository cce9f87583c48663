from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from customers.querysets import FollowsCustomer

if TYPE_CHECKING:
    from customer_data.models import CustomerData

MAX_SEARCH_TERMS = 10


class CustomerDataQuerySet(FollowsCustomer):
    def visible_to(self, user: Any) -> "CustomerDataQuerySet":
        """The entries `user` made, admins no others either, on customers who are on their desk now."""
        own: CustomerDataQuerySet = super().visible_to(user).filter(user_id=user.pk)
        return own

    def shown(self) -> "models.QuerySet[CustomerData]":
        """Newest first, with the customers they name."""
        found: models.QuerySet[CustomerData] = self.select_related("customer").order_by("-created_at", "-pk")
        return found

    def search(self, text: str) -> "CustomerDataQuerySet":
        """Entries in whose key or value every word of `text` occurs."""
        found = self
        for term in text.split()[:MAX_SEARCH_TERMS]:
            found = found.filter(Q(key__icontains=term) | Q(value__icontains=term))
        return found
