from typing import Any

from django.db import models
from django.utils import timezone


class TemplateQuerySet(models.QuerySet[Any]):
    def sendable(self) -> "TemplateQuerySet":
        """Templates that Meta would take now."""
        return self.filter(status=self.model.SENDABLE)


class WebhookEventQuerySet(models.QuerySet[Any]):
    def replay(self) -> int:
        """Have the relay handle these again from their beginning; return how many. Whoever works on one loses it."""
        return self.update(
            state="pending",
            error="",
            attempts=0,
            elements=0,
            not_before=timezone.now(),
            lease_until=None,
            claim_token=None,
        )
