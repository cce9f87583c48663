"""Sends from one business number through Meta's Graph API."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
from django.db import transaction
from django.utils import timezone

from core.faults import fault
from core.files.storage import FilesAway
from core.safe_json import storable
from messaging.channels import Halted, NotSent, Rejected, Retry, Unknown, Unreachable, preparing
from messaging.models import Attachment, BusinessNumber, Message
from whatsapp.access_tokens import Access
from whatsapp.graph.answers import learn_from_answer
from whatsapp.graph.bounds import UPLOAD_BYTES_PER_SECOND, seconds_for, within
from whatsapp.graph.client import client_for
from whatsapp.graph.consequences import after_error, forget_upload
from whatsapp.graph.contents import request_of
from whatsapp.graph.errors import Policy
from whatsapp.graph.outcomes import NOT_SENT, outcome_of, retry_after, unreadable
from whatsapp.graph.phone_codes import code_content
from whatsapp.graph.recipients import recipient_of
from whatsapp.graph.refusals import Refusal, body_of, refusal_in
from whatsapp.limits import MAX_ID
from whatsapp.marketing import STOPPED_MARKETING, note_preference
from whatsapp.payload.json_fields import text_of
from whatsapp.payload.persons import person_at

# Meta keeps an uploaded file for 30 days. One day less, so that no id expires on the way.
FILE_KEPT_FOR = timedelta(days=29)
# How long a message waits for the storage of its file: with seven tries, for an outage of a quarter of an hour.
AWAY_SECONDS = 150.0


class GraphTransport:
    def __init__(self, number: BusinessNumber, access: Access | None) -> None:
        self.number = number
        self.access = access.fingerprint if access is not None else ""
        self._waba_id = access.waba_id if access is not None else ""
        self._client = client_for(access.token) if access is not None else None
        self._uploaded = False
        # The id of the file that is sent, if it went up before.
        self._media_id = ""
        # What the last answer says beside what became of the message.
        self._news: Callable[[], None] | None = None

    def has(self, file: Attachment) -> bool:
        """Whether Meta still has the file under the id we know."""
        return bool(file.provider_id) and file.provider_until is not None and file.provider_until > timezone.now()

    def upload(self, message: Message, file: Attachment) -> None:
        """Upload the file and store its id. The message itself has not left yet, so every failure can be retried."""
        whatsapp = self._whatsapp()
        try:
            opened = file.file.open("rb")
        except FileNotFoundError:
            raise Rejected("file_missing", "The file of this message no longer exists")
        except FilesAway as error:
            raise Retry(
                after=AWAY_SECONDS, code="files_away", title="The file of this message cannot be reached"
            ) from error
        with opened, within(seconds_for(opened.size, bytes_per_second=UPLOAD_BYTES_PER_SECOND)):
            try:
                answer = self._exchange(
                    lambda: whatsapp.api.upload_media(
                        phone_id=self.number.external_id,
                        media=opened,
                        mime_type=file.mime_type,
                        filename=file.file_name or "file",
                    ),
                    message,
                )
            except Unknown as unknown:
                raise Retry(code="upload", title="The file could not be uploaded to WhatsApp", detail=str(unknown))
        try:
            media_id = text_of(answer, "id", MAX_ID)
        except ValueError:
            raise Retry(code="upload", title="The file could not be uploaded to WhatsApp", detail="no id was returned")
        file.provider_id, file.provider_until = media_id, timezone.now() + FILE_KEPT_FOR
        Attachment.objects.filter(pk=file.pk).update(provider_id=media_id, provider_until=file.provider_until)
        self._uploaded = True

    def send(self, message: Message, file: Attachment | None = None) -> str:
        """Send a message and return its wamid. Raises the outcomes of messaging/channels.py."""
        with preparing():
            whatsapp = self._whatsapp()
            request = request_of(message, file, recipient_of(message))
        self._media_id = file.provider_id if file is not None and not self._uploaded else ""

        def post() -> Any:
            answer = whatsapp.api.send_message(**request)
            fault("O2")
            return answer

        answer = self._exchange(post, message)
        self._news = partial(learn_from_answer, message, self.number, answer)
        return _wamid(answer)

    def learn(self) -> None:
        """Take in what the last answer says about the recipient, the window, a template or the file."""
        if self._news is not None:
            self._news()

    def send_code(self, phone: str, code: str, *, in_window: bool) -> None:
        """Send a code that verifies a phone (whatsapp/graph/phone_codes.py). Raises an Outcome."""
        whatsapp = self._whatsapp()
        kind, content = code_content(code, in_window=in_window)
        self._exchange(
            lambda: whatsapp.api.send_message(
                sender=self.number.external_id,
                to=phone.removeprefix("+"),
                recipient=None,
                recipient_type="individual",
                typ=kind,
                msg=content,
            )
        )

    def block(self, users: tuple[str, ...], user_ids: tuple[str, ...], *, blocked: bool) -> Any:
        """Block or unblock people by numbers with `+` and user ids; return Meta's answer. Raises an Outcome."""
        api = self._whatsapp().api
        ask = api.block_users if blocked else api.unblock_users
        return self._exchange(lambda: ask(phone_id=self.number.external_id, users=users, user_ids=user_ids))

    def last_answer(self) -> dict[str, Any]:
        """What Meta answered last in this thread; empty without an answer that can be read."""
        return body_of(self._client[1].answer) if self._client is not None else {}

    def show_read(self, wamid: str, *, typing: bool) -> None:
        """Show the customer that their messages up to `wamid` were read, or that somebody is typing an answer.

        Raises an Outcome, or any other exception.
        """
        api, phone_id = self._whatsapp().api, self.number.external_id
        if typing:
            api.set_indicator(phone_id=phone_id, message_id=wamid, typ="text")
        else:
            api.mark_message_as_read(phone_id=phone_id, message_id=wamid)

    def _whatsapp(self) -> Any:
        if self._client is None:
            raise Halted("There is no access token for this number. Add one in Django admin.")
        return self._client[0]

    def _exchange(self, call: Callable[[], Any], message: Message | None = None) -> Any:
        """Call Meta and return its answer. Raises an Outcome for everything else that can happen.

        Errors are read from the answer itself (whatsapp/graph/refusals.py), not from what pywa raises for them.
        """
        assert self._client is not None
        session = self._client[1]
        session.forget()
        try:
            answer = call()
        except NOT_SENT as error:
            raise Unreachable("WhatsApp cannot be reached", type(error).__name__)
        except httpx.HTTPError as error:
            if not session.left:
                raise NotSent from error
            raise Unknown(f"no answer: {type(error).__name__}")
        except Exception as error:
            if not session.left:
                raise NotSent from error
            refusal = refusal_in(session.answer)
            if refusal is None:
                # The HTTP status tells whether the message may have been taken.
                raise unreadable(session.answer)
        else:
            # An answer can be an error although its HTTP status is 200. One that names a message was taken.
            refusal = refusal_in(session.answer) if isinstance(answer, dict) and not answer.get("messages") else None
            if refusal is None:
                return answer
        raise self._refused(refusal, session.answer, message)

    def _refused(self, refusal: Refusal, answer: httpx.Response | None, message: Message | None) -> Exception:
        status = answer.status_code if answer is not None else 400
        known = refusal.described(status, media_id=self._media_id)
        if message is not None and known.policy is Policy.FORGOTTEN:
            self._news = partial(forget_upload, message)
            if self._uploaded:  # a moment ago, so it is not the id
                return Rejected(known.code, known.title, known.detail, known.retryable)
        elif message is not None:
            self._news = partial(self._learn_from, known.code, message)
        return outcome_of(known, retry_after(answer), message.attempts if message is not None else 0)

    def _learn_from(self, code: int | str, message: Message) -> None:
        after_error(code, message, waba_id=self._waba_id)
        if code == STOPPED_MARKETING:
            address = recipient_of(message)
            sender = person_at(address["to"], address["recipient"])
            with transaction.atomic():
                if sender is not None:
                    note_preference(sender=sender, number=self.number, accepts=False, at=timezone.now())


def _wamid(answer: Any) -> str:
    try:
        wamid = text_of(answer["messages"][0], "id", MAX_ID)
    except (KeyError, IndexError, TypeError, ValueError):
        raise Unknown("the answer names no message")
    if wamid != storable(wamid):
        raise Unknown("the answer names no message")
    return wamid
