"""What Meta sent us, who it is about, and what we need to send."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.db.leases import Leased
from core.encryption import decrypt, encrypt
from customers.models import Customer
from messaging.models import BusinessNumber
from whatsapp.limits import MAX_TEMPLATE_LANGUAGE, MAX_TEMPLATE_NAME


class WebhookEventQuerySet(models.QuerySet[Any]):
    def replay(self) -> int:
        """Let the relay handle these again from their beginning; return how many. Current claims on them end."""
        return self.update(
            state="pending",
            error="",
            attempts=0,
            elements=0,
            not_before=timezone.now(),
            lease_until=None,
            claim_token=None,
        )


class WebhookState(models.TextChoices):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class WebhookEvent(Leased):
    """One POST from Meta, stored unchanged before it is handled, so that nothing is lost.

    The row is also the job. The request that stored it holds the first lease; the relay takes over if the lease expires
    or an element fails.
    """

    # After so many attempts a failing event waits for an admin.
    MAX_ATTEMPTS = 8

    body = models.BinaryField()
    state = models.CharField(max_length=8, choices=WebhookState.choices, default=WebhookState.PENDING)
    error = models.TextField(blank=True)
    elements = models.PositiveIntegerField(default=0)
    took_ms = models.PositiveIntegerField(null=True)
    received_at = models.DateTimeField(default=timezone.now, db_index=True)
    customers: "models.ManyToManyField[Customer, Any]" = models.ManyToManyField(
        Customer, related_name="webhook_events", blank=True
    )

    objects = WebhookEventQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["not_before"], condition=~Q(state="done"), name="webhook_event_open"),
        ]

    def __str__(self) -> str:
        return f"webhook {self.pk}"


class Identity(models.Model):
    """An address from which a customer writes to one of our numbers.

    `wa_id` is the phone number in digits, `user_id` the business-scoped id, which people may show instead. Answers go
    to the one Meta gave (docs/whatsapp.md, "Identities").
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identities")
    business_number = models.ForeignKey(BusinessNumber, on_delete=models.CASCADE, related_name="+", db_index=False)
    wa_id = models.CharField(max_length=64, null=True, blank=True)
    user_id = models.CharField(max_length=150, null=True, blank=True)
    profile_name = models.CharField(max_length=300, blank=True)
    # When they stopped marketing messages from this number; null if they never did, or allowed them again.
    marketing_stopped_at = models.DateTimeField(null=True, blank=True)
    # When they last stopped or allowed them.
    preference_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "identities"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["business_number", "wa_id"], name="identity_wa_id_once"),
            models.UniqueConstraint(fields=["business_number", "user_id"], name="identity_user_id_once"),
        ]

    def __str__(self) -> str:
        return self.wa_id or self.user_id or ""


class NumberAccess(models.Model):
    """The account and access token of a business number that is not the one from the environment."""

    number = models.OneToOneField(BusinessNumber, on_delete=models.CASCADE, related_name="access", primary_key=True)
    # Meta's id of the WhatsApp Business Account, which owns the templates.
    waba_id = models.CharField("WhatsApp Business Account id", max_length=64, blank=True)
    encrypted_token = models.TextField(blank=True, editable=False)

    class Meta:
        verbose_name_plural = "number access"

    def __str__(self) -> str:
        return f"access of {self.number}"

    @property
    def token(self) -> str:
        """The access token; empty if there is none, or if the current keys cannot decrypt it."""
        return decrypt(self.encrypted_token) or ""

    @token.setter
    def token(self, token: str) -> None:
        self.encrypted_token = encrypt(token) if token else ""


class Template(models.Model):
    """A message template as Meta describes it. `components` is Meta's list: HEADER, BODY, FOOTER, BUTTONS."""

    SENDABLE = "APPROVED"

    waba_id = models.CharField(max_length=64)
    name = models.CharField(max_length=MAX_TEMPLATE_NAME)
    language = models.CharField(max_length=MAX_TEMPLATE_LANGUAGE)
    provider_id = models.CharField(max_length=64, blank=True)
    category = models.CharField(max_length=40, blank=True)
    # In Meta's words (whatsapp/filters.py has them all); MISSING if Meta no longer has it.
    status = models.CharField(max_length=40)
    parameter_format = models.CharField(max_length=20, default="POSITIONAL")
    components = models.JSONField(default=list)
    quality = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    synced_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["waba_id", "name", "language"], name="template_once")
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["provider_id"], name="template_provider_id")]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"

    @property
    def is_marketing(self) -> bool:
        return self.category.upper() == "MARKETING"
