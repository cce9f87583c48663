"""Messages over REST."""

from typing import Any

from django.http import Http404
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.files import SessionFileView, TracedFileView
from accounts.permissions import IsSalesOrAdmin, RightsByAction
from core.documentation import documented
from core.files.links import links_for
from core.filters import id_in_path
from core.idempotency import AnswersOnce
from core.keysets import KeysetQuery
from core.pagination import HistoryPages, KeysetPages
from customers.models import Customer, CustomerMerged, CustomerNotFound
from customers.versions import CustomersVersions
from messaging.actions.attachments import fetch_again
from messaging.actions.cancelling import cancel_message
from messaging.actions.moved import ChatMoved, SendConflict
from messaging.actions.outgoing_files import files_of
from messaging.actions.reading import ReadUpTo, mark_read
from messaging.actions.retrying import retry_message
from messaging.actions.sending import send_files, send_message
from messaging.errors import Conflict
from messaging.filters import ChatFilter, MessageFilter
from messaging.models import ATTACHMENTS, ORIGINALS, THUMBNAILS, Attachment, BusinessNumber, Message
from messaging.serializers.messages import (
    SHOWN_CHAT,
    MessageRow,
    MessageSerializer,
    StatusSerializer,
    message_data,
    message_row,
    shown_messages,
    with_links,
)
from messaging.serializers.numbers import BusinessNumberSerializer
from messaging.serializers.sending import SendMessageSerializer
from messaging.serializers.waiting import with_waiting


class BusinessNumberViewSet(RightsByAction, mixins.ListModelMixin, viewsets.GenericViewSet[BusinessNumber]):
    """List our own numbers, on which chats are held.

    A paused number sends nothing for now: messages wait. Admins are told of changes by `business_number_changed`.
    """

    queryset = BusinessNumber.objects.order_by("pk")
    serializer_class = BusinessNumberSerializer
    rights = {"list": IsSalesOrAdmin}
    filter_backends = []


class _Waiting(viewsets.GenericViewSet[Any]):
    """Says of the messages of a page, or of one, why they wait: one statement for all of them."""

    def paginate_queryset(self, queryset: Any) -> Any:
        rows = super().paginate_queryset(queryset)
        return rows if rows is None else with_waiting(rows)

    def get_object(self) -> Any:
        return with_waiting([super().get_object()])[0]


class MessageViewSet(
    CustomersVersions, AnswersOnce, RightsByAction, mixins.ListModelMixin, mixins.RetrieveModelMixin, _Waiting
):
    """The messages of every chat the caller may see. What stands below by action is shown in Swagger UI.

    list: List the messages of all chats, newest first.

    retrieve: Get one message.
    """

    queryset = Message.objects.all()
    serializer_class = MessageSerializer
    rights = dict.fromkeys(
        ("list", "retrieve", "create", "destroy", "retry", "fetch_media", "statuses"), IsSalesOrAdmin
    )
    shows = CustomersVersions.shows | {"destroy"}
    pagination_class = KeysetPages
    filterset_class = MessageFilter
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> Any:
        messages = shown_messages().visible_to(self.request.user)
        # Our reactions are messages too. They can be looked up, but lists show them on the message they belong to.
        return messages.bubbles() if self.action == "list" else messages

    @documented(
        request_body=SendMessageSerializer,
        responses={
            201: MessageRow | list[MessageRow],
            200: MessageRow | list[MessageRow],
            409: (
                "`code` is outside_service_window, blocked, number_cannot_send, client_id_taken, chat_moved or "
                "in_progress.",
                SendConflict,
            ),
        },
    )
    def create(self, request: Request) -> Response:
        """Send a message. It is queued, and goes out after the customer's earlier ones.

        When the client_id has been used before, the answer is 200 with the first message, and nothing is sent.
        Several files become a message each, the text the caption of the first, and the answer is a list.
        """
        body = SendMessageSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        whom: dict[str, Any] = {"customer_id": fields.pop("customer"), "actor": user_of(request)}
        try:
            with files_of(fields.pop("media_from", None), actor=whom["actor"]) as sent_before:
                files = fields.pop("media", sent_before)
                if len(files) > 1:
                    return _all_shown(send_files(**whom, files=files, **fields), request)
                message, created = send_message(**whom, file=files[0] if files else None, **fields)
        except ChatMoved as moved:
            raise moved.shown_to(links_for(request))
        except CustomerMerged:
            raise
        except CustomerNotFound:
            raise body.no_such_customer()
        return _shown(message, request, status.HTTP_201_CREATED if created else status.HTTP_200_OK)

    @documented(request_body=None, responses={200: MessageRow, 409: ("`code` is already_sent.", Conflict)})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take back a message that is still queued. It is never sent, and stays in the chat as `cancelled`."""
        message = self._message(pk)
        cancel_message(message=message, actor=user_of(request))
        return _shown(message, request)

    @documented(
        request_body=None,
        responses={
            200: MessageRow,
            409: ("`code` is not_retryable, outside_service_window, blocked or number_cannot_send.", Conflict),
        },
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Send a failed or uncertain message again."""
        message = self._message(pk)
        retry_message(message=message, actor=user_of(request))
        return _shown(message, request)

    @documented(request_body=None, responses={200: MessageRow, 409: ("`code` is not_fetchable.", Conflict)})
    @action(detail=True, methods=["post"], url_path="fetch-media")
    def fetch_media(self, request: Request, pk: str) -> Response:
        """Fetch the file of a message again. WhatsApp keeps what a customer sends for seven days."""
        message = self._message(pk)
        fetch_again(message=message, actor=user_of(request))
        return _shown(message, request)

    @documented(responses={200: list[StatusSerializer]})
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def statuses(self, request: Request, pk: str) -> Response:
        """List the statuses of a message. All that WhatsApp reported, oldest first, with what the message costs."""
        updates = self._message(pk).status_updates.order_by("at", "pk")
        return Response(StatusSerializer(updates, many=True).data)

    def _message(self, pk: str) -> Message:
        """A message that the caller may see. Raises Http404."""
        message: Message | None = Message.objects.visible_to(self.request.user).filter(pk=pk).first()
        if message is None:
            raise Http404
        return message


class CustomerMessagesView(RightsByAction, mixins.ListModelMixin, _Waiting):
    """List the messages of one chat, newest first."""

    queryset = Message.objects.all()
    serializer_class = MessageSerializer
    rights = {"list": IsSalesOrAdmin}
    pagination_class = HistoryPages
    filterset_class = ChatFilter

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Message.objects.none()
        # Without filters, the chat as screens ask for it most, compiled once.
        if not self.request.query_params.keys() - {"cursor", "page_size"}:
            return SHOWN_CHAT.bind(user=self.request.user, customer=id_in_path(self.kwargs["customer_id"]))
        return shown_messages().filter(customer_id=self._on_desk()).bubbles()

    def paginate_queryset(self, queryset: Any) -> Any:
        rows = super().paginate_queryset(queryset)
        if not rows:
            self._on_desk()  # it may be a chat that the caller may not see
        return rows

    def _on_desk(self) -> int:
        """The id of the customer, if they are on the caller's desk. Raises Http404."""
        return Customer.objects.at_desk_of(self.request.user).or_404(self.kwargs["customer_id"]).pk

    def filter_queryset(self, queryset: Any) -> Any:
        return queryset if isinstance(queryset, KeysetQuery) else super().filter_queryset(queryset)


class AttachmentFileView(TracedFileView):
    """`/media/attachments/...`"""

    model = Attachment
    prefix = ATTACHMENTS
    name_field = "file_name"
    customer_path = "message__customer_id"


class OriginalFileView(TracedFileView):
    """`/media/originals/...`"""

    model = Attachment
    prefix = ORIGINALS
    file_field = "original"
    name_field = "original_name"
    customer_path = "message__customer_id"


class ThumbnailFileView(SessionFileView):
    """`/media/thumbnails/...`"""

    model = Attachment
    prefix = THUMBNAILS
    file_field = "thumbnail"


class ReadView(APIView):
    """`/api/customers/{id}/read/`"""

    permission_classes = [IsSalesOrAdmin]

    @documented(request_body=None, responses={200: ReadUpTo})
    def post(self, request: Request, customer_id: str) -> Response:
        """Mark a chat as read. The customer sees ticks only if WHATSAPP_READ_RECEIPTS is on."""
        return Response(mark_read(customer_id=id_in_path(customer_id), actor=user_of(request)))


def _shown(message: Message, request: Request, code: int = status.HTTP_200_OK) -> Response:
    return Response(with_links(message.recorded or message_row(message.pk), links_for(request)), status=code)


def _all_shown(sent: list[tuple[Message, bool]], request: Request) -> Response:
    ids = [message.pk for message, _ in sent]
    rows = with_waiting(list(shown_messages().filter(pk__in=ids).order_by("pk")))
    links = links_for(request)
    code = status.HTTP_201_CREATED if any(created for _, created in sent) else status.HTTP_200_OK
    return Response([with_links(message_data(row), links) for row in rows], status=code)
