"""What Meta sent us, who it is about, and what we need to send."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Count, F, Min, Q
from django.utils import timezone

from core.db.leases import Leased
from core.encryption import EncryptedTextField, decrypt, encrypt
from core.folding import FoldedField, FoldedQuerySet, Folds
from customers.models import Customer
from messaging.models.numbers import BusinessNumber
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

    def open_by_state(self) -> dict[str, tuple[int, datetime]]:
        """How many are waiting or have failed, and since when: `{state: (count, oldest)}`. Reads a small index."""
        # The same condition as that of the index webhook_event_open.
        rows = self.filter(~Q(state="done")).order_by().values_list("state")
        return {state: (count, oldest) for state, count, oldest in rows.annotate(Count("pk"), Min("received_at"))}


class WebhookState(models.TextChoices):
    """What became of a webhook. One that is `waiting` changes a message that is not known yet, and is else handled."""

    PENDING = "pending"
    WAITING = "waiting"
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
    # The errors of the account that Meta reported in it, beside its messages.
    account_errors = models.TextField(blank=True, default="", db_default="")
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


class IdentityQuerySet(FoldedQuerySet[Any]):
    def live(self) -> "IdentityQuerySet":
        """Those by which people are recognised and written to: without the ones that were detached."""
        return self.filter(detached_at=None)

    def newest_first(self) -> "IdentityQuerySet":
        """The one they wrote from last first; those they never wrote from last."""
        return self.order_by(F("last_inbound_at").desc(nulls_last=True), "-pk")


class Identity(Folds):
    """An address from which a customer writes to one of our numbers.

    `wa_id` is the phone number in digits, `user_id` the business-scoped id, which people may show instead,
    `parent_user_id` the one that linked businesses share. Answers go to the one Meta gave (docs/whatsapp.md,
    "Identities"). A detached identity stays, with the ids it had: whoever writes from there next is somebody new.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identities")
    business_number = models.ForeignKey(BusinessNumber, on_delete=models.CASCADE, related_name="+", db_index=False)
    wa_id = models.CharField(max_length=64, null=True, blank=True)
    user_id = models.CharField(max_length=150, null=True, blank=True)
    parent_user_id = models.CharField(max_length=150, null=True, blank=True)
    # The user id until Meta replaced it by another one: messages from before the change may still arrive.
    previous_user_id = models.CharField(max_length=150, null=True, blank=True)
    # The phone that Meta named together with this user id, if a newer identity has that phone now.
    seen_with = models.CharField(max_length=64, null=True, blank=True)
    profile_name = models.CharField(max_length=300, blank=True)
    username = models.CharField(max_length=150, blank=True)
    # When they last wrote from it, and when they shared it on request; null if never. Either proves it.
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    shared_at = models.DateTimeField(null=True, blank=True)
    # When staff said that it is not the customer's.
    detached_at = models.DateTimeField(null=True, blank=True)
    # Since when Meta blocks them on this number.
    blocked_at = models.DateTimeField(null=True, blank=True)
    # When they stopped marketing messages from this number; null if they never did, or allowed them again.
    marketing_stopped_at = models.DateTimeField(null=True, blank=True)
    # When they last stopped or allowed them.
    preference_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    folded = FoldedField("username", "profile_name")

    objects = IdentityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "identities"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["business_number", "wa_id"], condition=Q(detached_at=None), name="identity_live_wa_id_once"
            ),
            models.UniqueConstraint(
                fields=["business_number", "user_id"], condition=Q(detached_at=None), name="identity_live_user_id_once"
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["id"], condition=Q(folded=None), name="identity_not_folded"),
            models.Index(
                fields=["business_number", "parent_user_id"],
                condition=Q(parent_user_id__isnull=False),
                name="identity_parent",
            ),
            models.Index(
                fields=["business_number", "previous_user_id"],
                condition=Q(previous_user_id__isnull=False),
                name="identity_previous",
            ),
            # Who was detached: whoever writes from there next must not be taken for them again.
            models.Index(
                fields=["business_number", "wa_id"], condition=Q(detached_at__isnull=False), name="identity_detached"
            ),
        ]

    def __str__(self) -> str:
        return self.wa_id or self.user_id or self.parent_user_id or ""

    @property
    def proved(self) -> bool:
        """Whether the person wrote from it, or shared it on request."""
        return self.last_inbound_at is not None or self.shared_at is not None


class Block(Leased):
    """A customer who was blocked or unblocked. The row is a job while it is `due` (whatsapp/block_requests.py).

    What is wanted says the customer's `blocked_at`, what Meta does the `blocked_at` of each identity.
    """

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="block", primary_key=True)
    due = models.BooleanField(default=True)

    class Meta:
        indexes: ClassVar[list[Any]] = [models.Index(fields=["not_before"], condition=Q(due=True), name="block_due")]

    def __str__(self) -> str:
        return f"block of {self.customer_id}"


class NumberAccess(models.Model):
    """The account and access token of a business number that is not the one from the environment."""

    number = models.OneToOneField(BusinessNumber, on_delete=models.CASCADE, related_name="access", primary_key=True)
    # Meta's id of the WhatsApp Business Account, which owns the templates.
    waba_id = models.CharField("WhatsApp Business Account id", max_length=64, blank=True)
    encrypted_token = EncryptedTextField(blank=True, editable=False)

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


class Template(Folds):
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
    folded = FoldedField("name")

    objects = FoldedQuerySet["Template"].as_manager()

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


class TemplateSync(Leased):
    """An account whose templates were asked for. The row is a job while it is `due` (whatsapp/template_syncs.py)."""

    waba_id = models.CharField("WhatsApp Business Account id", max_length=64, primary_key=True)
    due = models.BooleanField(default=True)
    asked_at = models.DateTimeField(default=timezone.now)
    # The last time it ended: how many templates there were, or why none were fetched.
    finished_at = models.DateTimeField(null=True, blank=True)
    fetched = models.PositiveIntegerField(null=True, blank=True)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"templates of {self.waba_id}"


class NumberProfile(Leased):
    """What customers see of a business number, as Meta has it. The row is a job while it is `due`: Meta is asked then.

    `wanted` are changes that an admin made and Meta has not taken yet, with a `picture` (JPEG or PNG).
    """

    number = models.OneToOneField(BusinessNumber, on_delete=models.CASCADE, related_name="profile", primary_key=True)
    due = models.BooleanField(default=True)
    asked_at = models.DateTimeField(default=timezone.now)
    # about, address, description, email, websites, vertical, profile_picture_url
    profile = models.JSONField(default=dict, blank=True)
    wanted = models.JSONField(default=dict, blank=True)
    picture = models.BinaryField(null=True)
    # The last time it ended, and what went wrong.
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"profile of {self.number}"
