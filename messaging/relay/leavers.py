"""Customers whose owner has left: whoever began to hand them over did not finish."""

from django.db.models import Exists, OuterRef

from accounts.models import User
from core.db.failures import passing_busy
from core.lookout import Lookout
from customers.models import Customer
from messaging.actions.leaving import leave

_AT_ONCE = 200


class Leavers(Lookout[list[User]]):
    """The relay's source of logins that no longer sell and still own customers."""

    SECONDS = 60.0

    def look(self) -> list[User] | None:
        owns = Exists(Customer.objects.filter(owner=OuterRef("pk")))
        return list(User.objects.exclude(pk__in=User.objects.sellers()).filter(owns).order_by("pk")[:_AT_ONCE])

    def run(self, job: list[User]) -> None:
        for user in job:
            with passing_busy(f"what login {user.pk} leaves"):
                leave(user=user, actor=None)
