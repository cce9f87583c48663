"""The files of messages."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.db.leases import Leased
from core.files.names import StoredUnder
from core.folding import FoldedField, Folds
from customers.visibility import FollowsCustomer

# The folders of files below MEDIA_ROOT, and below MEDIA_URL.
ATTACHMENTS, ORIGINALS, THUMBNAILS = "attachments", "originals", "thumbnails"


class AttachmentState(models.TextChoices):
    """`pending` until a file that comes in is here, `converting` until one that goes out is what the provider takes.

    `failed` if it could not be fetched, or not be converted.
    """

    PENDING = "pending"
    CONVERTING = "converting"
    READY = "ready"
    FAILED = "failed"


class AttachmentQuerySet(FollowsCustomer):
    customer_prefix = "message__customer__"

    def visible_to(self, user: Any) -> "AttachmentQuerySet":
        """The files of messages that `user` may see. A deleted message shows none."""
        shown: AttachmentQuerySet = super().visible_to(user).filter(message__deleted_at=None)
        return shown

    def wanted(self, now: datetime) -> "AttachmentQuerySet":
        """Files that have to be fetched from the provider now, and that nobody is fetching."""
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        return self.filter(free, state="pending", file="", provider_id__gt="", not_before__lte=now)

    def to_prepare(self, now: datetime) -> "AttachmentQuerySet":
        """Files that have to be converted, or looked at, and that nobody works on."""
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        return self.filter(free, prepared=False, not_before__lte=now)


class Attachment(Folds, Leased):
    """The file of a message, inbound or outbound. The row of a file to fetch or to prepare is the job to do it.

    `file_name` is the name the file came with. `provider_id` is the provider's id of the file, good until
    `provider_until`. Pictures that could be read have `width` and `height`. `original` is what the desk gave, if
    `file` is what was made of it; `file` is empty until that is done. One that goes out is `prepared` when it is what
    the provider takes, and its preview is made.
    """

    message = models.OneToOneField("Message", on_delete=models.CASCADE, related_name="attachment")
    state = models.CharField(max_length=10, choices=AttachmentState.choices, default=AttachmentState.PENDING)
    file = models.FileField(upload_to=StoredUnder(ATTACHMENTS), max_length=255, blank=True)
    original = models.FileField(upload_to=StoredUnder(ORIGINALS), max_length=255, blank=True, default="", db_default="")
    original_name = models.CharField(max_length=255, blank=True, default="", db_default="")
    # Whether `provider_id`, if there is one, is that of an upload of ours, which can be sent.
    uploaded = models.BooleanField(default=False, db_default=False)
    thumbnail = models.FileField(upload_to=StoredUnder(THUMBNAILS), max_length=255, blank=True)
    prepared = models.BooleanField(default=True, db_default=True)
    mime_type = models.CharField(max_length=150, blank=True)
    size = models.PositiveBigIntegerField(null=True, blank=True)
    file_name = models.CharField(max_length=255, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    provider_until = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    folded = FoldedField("file_name")

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[Any]] = [
            # Finds the row of a file, on every download.
            models.Index(fields=["file"], name="attachment_file"),
            models.Index(fields=["thumbnail"], name="attachment_thumbnail"),
            models.Index(fields=["original"], condition=Q(original__gt=""), name="attachment_original"),
            # The files that the provider knows, by what is in them: the same one is uploaded once.
            models.Index(fields=["sha256"], condition=Q(uploaded=True), name="attachment_by_content"),
            # The queue: a small index, however many attachments there are.
            models.Index(fields=["not_before", "id"], condition=Q(state="pending"), name="attachment_pending"),
            models.Index(fields=["not_before", "id"], condition=Q(prepared=False), name="attachment_to_prepare"),
            # Those that the relay has to fold.
            models.Index(fields=["id"], condition=Q(folded=None), name="attachment_not_folded"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.mime_type or 'file'} of #{self.message_id}"
