"""Who is there for new customers."""

from django.conf import settings
from django.db import models


class Availability(models.TextChoices):
    """Whether somebody takes new customers at the moment."""

    ONLINE = "online"
    AWAY = "away"


class LastSocket(models.Model):
    """When a login was last seen to have an open socket, in whichever process (accounts/actions/availability.py)."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="last_socket"
    )
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"last socket of login {self.user_id}"
