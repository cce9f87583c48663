"""WhatsApp with a transport that does as it is told: for the setting CHANNELS."""

from typing import ClassVar

from messaging.models import Attachment, BusinessNumber, Message
from whatsapp.channel import WhatsApp


class FakeTransport:
    """Hands out wamids, or raises what stands in `outcomes` first (in `upload_outcomes`, for a file)."""

    access = "token-1"

    def __init__(self) -> None:
        self.outcomes: list[Exception | None] = []
        self.upload_outcomes: list[Exception] = []
        self.sent: list[Message] = []
        self.uploaded: list[Attachment] = []
        self.shown: list[tuple[str, bool]] = []

    def has(self, file: Attachment) -> bool:
        return bool(file.provider_id)

    def upload(self, message: Message, file: Attachment) -> None:
        if self.upload_outcomes:
            raise self.upload_outcomes.pop(0)
        self.uploaded.append(file)
        file.provider_id = f"media-{file.pk}"
        Attachment.objects.filter(pk=file.pk).update(provider_id=file.provider_id)

    def show_read(self, wamid: str, *, typing: bool) -> None:
        self.shown.append((wamid, typing))

    def learn(self) -> None: ...

    def send(self, message: Message, file: Attachment | None = None) -> str:
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome
        self.sent.append(message)
        return f"wamid.OUT{message.pk}"


class FakeChannel(WhatsApp):
    """Sends everything, from whichever number, through `fake`."""

    fake: ClassVar[FakeTransport]

    @staticmethod
    def transport(number: BusinessNumber) -> FakeTransport:
        return FakeChannel.fake
