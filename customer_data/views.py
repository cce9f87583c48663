"""Customer data over REST."""

from typing import Any

from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import user_of
from accounts.files import TracedFileView
from accounts.permissions import IsSalesOrAdmin, RightsByAction
from core.documentation import documented
from core.idempotency import AnswersOnce
from customer_data.actions import bulk_delete_data, create_data, delete_data, update_data
from customer_data.filters import AllDataFilter, CustomerDataFilter
from customer_data.models import FILES_FOLDER, CustomerData
from customer_data.serializers import (
    ENTRY_COLUMNS,
    BulkDeleteSerializer,
    ChangeDataSerializer,
    CreateDataSerializer,
    CustomerDataBulkDeleted,
    CustomerDataDeleted,
    CustomerDataSerializer,
)
from customers.models import Customer
from customers.versions import CustomersVersions


class CustomerDataViewSet(
    CustomersVersions,
    AnswersOnce,
    RightsByAction,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[CustomerData],
):
    """Your own entries about customers on your desk. Bodies are JSON, or multipart to send a file.

    list: List your entries about all customers, newest first.

    retrieve: Get one of your entries.
    """

    queryset = CustomerData.objects.all()
    serializer_class = CustomerDataSerializer
    rights = dict.fromkeys(
        ("list", "create", "retrieve", "update", "partial_update", "destroy", "bulk_delete"), IsSalesOrAdmin
    )
    pagination_class = None
    filterset_class = AllDataFilter
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> Any:
        return CustomerData.objects.visible_to(self.request.user).newest_first()

    def filter_queryset(self, queryset: Any) -> Any:
        entries = super().filter_queryset(queryset)
        return entries.values(*ENTRY_COLUMNS) if self.action == "list" else entries

    @documented(
        request_body=CreateDataSerializer,
        responses={201: CustomerDataSerializer, 400: "The key exists already, or there is neither a value nor a file."},
    )
    def create(self, request: Request) -> Response:
        """Create an entry. A value, a file, or both."""
        given = self._valid_fields(CreateDataSerializer)
        entry = create_data(customer_id=given.pop("customer").pk, actor=user_of(request), **given)
        return Response(self.get_serializer(entry).data, status=status.HTTP_201_CREATED)

    @documented(request_body=ChangeDataSerializer, responses={200: CustomerDataSerializer})
    def update(self, request: Request, pk: str) -> Response:
        """Change an entry. Fields that are left out stay as they are."""
        entry = self.get_object()
        changes = self._valid_fields(ChangeDataSerializer, entry)
        changed = update_data(entry=entry, actor=user_of(request), changes=changes)
        return Response(self.get_serializer(changed).data)

    @documented(request_body=ChangeDataSerializer, responses={200: CustomerDataSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """The same as PUT."""
        return self.update(request, pk)

    @documented(responses={200: CustomerDataDeleted})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete an entry and its file."""
        entry = self.get_object()
        delete_data(entry=entry, actor=user_of(request))
        text = f"Customer data '{entry.key}' deleted successfully"
        return Response(CustomerDataDeleted(message=text, deleted_key=entry.key))

    @documented(request_body=BulkDeleteSerializer, responses={200: CustomerDataBulkDeleted})
    @action(detail=False, methods=["post"], url_path="bulk-delete", filterset_class=None)
    def bulk_delete(self, request: Request) -> Response:
        """Delete several entries and their files. Ids that are not yours are skipped."""
        count = bulk_delete_data(ids=self._valid_fields(BulkDeleteSerializer)["data_ids"], actor=user_of(request))
        text = f"Successfully deleted {count} customer data item(s)"
        return Response(CustomerDataBulkDeleted(message=text, deleted_count=count))

    def _valid_fields(self, serializer_class: Any, entry: CustomerData | None = None) -> dict[str, Any]:
        body = serializer_class(entry, data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)


class DataOfCustomerView(ListAPIView[CustomerData]):
    """List your entries about one customer, newest first."""

    queryset = CustomerData.objects.all()
    serializer_class = CustomerDataSerializer
    permission_classes = [IsSalesOrAdmin]
    pagination_class = None
    filterset_class = CustomerDataFilter

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return CustomerData.objects.none()
        customer_id = self.kwargs["customer_id"]
        Customer.objects.at_desk_of(self.request.user).only("pk").or_404(customer_id)
        return CustomerData.objects.visible_to(self.request.user).filter(customer_id=customer_id).newest_first()

    def filter_queryset(self, queryset: Any) -> Any:
        return super().filter_queryset(queryset).values(*ENTRY_COLUMNS)


class DataFileView(TracedFileView):
    """`/media/customer_data/...`"""

    model = CustomerData
    prefix = FILES_FOLDER
    name_field = "file_name"
