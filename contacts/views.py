"""Contacts over REST. Errors get their envelope from contacts/envelope.py (setting ERROR_SHAPES)."""

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from django.http import StreamingHttpResponse
from drf_yasg.utils import no_body
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.permissions import IsSalesOrAdmin, RightsByAction
from contacts import actions
from contacts.customers_with_contacts import CustomerWithContacts, stream_customers_with_contacts
from contacts.envelope import Answer, ContactDone, failure, success
from contacts.filters import ContactFilter
from contacts.models import Contact, ContactQuerySet
from contacts.serializers import (
    CONTACT_COLUMNS,
    BulkCreated,
    BulkCreateSerializer,
    ContactRow,
    ContactWriteSerializer,
    contact_data,
    contact_row,
    contacts_data,
    error_items,
    validate_items,
)
from core.documentation import documented
from core.filters import id_in_path
from core.idempotency import AnswersOnce
from core.shapes import Page
from customers.models import Customer, CustomerMerged, CustomerNotFound
from customers.versions import CustomersVersions


class ContactStats(TypedDict):
    """Counts of contacts, and of the customers who have some."""

    total_contacts: int
    active_contacts: int
    inactive_contacts: int
    primary_contacts: int
    customers_with_contacts: int
    customers_without_contacts: int


class StatsAnswer(TypedDict):
    """Counts, in their envelope."""

    success: bool
    data: ContactStats


class ContactsCustomer(TypedDict):
    """The customer whose contacts these are."""

    id: int
    customer_id: Annotated[str, "like CUST000001"]
    full_name: str
    username: str


class CustomerContacts(TypedDict):
    """A customer and their contacts."""

    customer: ContactsCustomer
    contacts: list[ContactRow]


class ContactViewSet(CustomersVersions, AnswersOnce, RightsByAction, viewsets.GenericViewSet[Contact]):
    """The contacts of all customers you may see."""

    queryset = Contact.objects.all()
    rights = dict.fromkeys(
        (
            "list",
            "retrieve",
            "create",
            "update",
            "partial_update",
            "destroy",
            "set_primary",
            "toggle_status",
            "bulk_create",
            "stats",
        ),
        IsAuthenticated,
    ) | {"confirm": IsSalesOrAdmin}
    filterset_class = ContactFilter
    lookup_value_regex = r"\d+"

    def get_queryset(self) -> ContactQuerySet:
        contacts: ContactQuerySet = Contact.objects.visible_to(self.request.user)
        return contacts

    @documented(responses={200: Answer[Page[ContactRow]]})
    def list(self, request: Request) -> Response:
        """List contacts, newest first."""
        # The filters say whose they may be.
        page: Any = self.paginate_queryset(self.filter_queryset(Contact.objects.all()))
        data = self.get_paginated_response([contact_row(row) for row in page or []]).data
        return Response(success("Contacts retrieved successfully", data))

    @documented(responses={200: Answer[ContactRow]})
    def retrieve(self, request: Request, pk: str) -> Response:
        """Get a contact."""
        return Response(success("Contact retrieved successfully", contact_data(self._get_contact())))

    @documented(request_body=ContactWriteSerializer, responses={201: Answer[ContactRow]})
    def create(self, request: Request) -> Response:
        """Create a contact. With `is_primary` it replaces the customer's primary contact."""
        fields = _valid_fields(ContactWriteSerializer(data=request.data))
        contact = actions.create_contact(actor=user_of(request), fields=fields)
        body = success("Customer contact created successfully", contact_data(contact))
        return Response(body, status=status.HTTP_201_CREATED)

    @documented(request_body=ContactWriteSerializer(partial=True), responses={200: Answer[ContactRow]})
    def update(self, request: Request, pk: str) -> Response:
        """Change a contact. Only the fields that are given change. It stays with its customer."""
        contact = self._get_contact()
        changes = _valid_fields(ContactWriteSerializer(contact, data=request.data, partial=True))
        changes.pop("customer", None)
        contact = actions.update_contact(actor=user_of(request), contact=contact, changes=changes)
        return Response(success("Contact updated successfully", contact_data(contact)))

    @documented(request_body=ContactWriteSerializer(partial=True), responses={200: Answer[ContactRow]})
    def partial_update(self, request: Request, pk: str) -> Response:
        """The same as PUT."""
        return self.update(request, pk)

    @documented(responses={200: ContactDone})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a contact. No other contact becomes primary in its place."""
        actions.delete_contact(actor=user_of(request), contact=self._get_contact())
        return Response(ContactDone(success=True, message="Contact deleted successfully"))

    @documented(request_body=no_body, responses={200: Answer[ContactRow]})
    @action(detail=True, methods=["post"], url_path="set-primary")
    def set_primary(self, request: Request, pk: str) -> Response:
        """Make a contact primary. It may be inactive."""
        contact = actions.set_primary(actor=user_of(request), contact=self._get_contact())
        return Response(success("Contact set as primary successfully", contact_data(contact)))

    @documented(request_body=no_body, responses={200: Answer[ContactRow]})
    @action(detail=True, methods=["post"], url_path="toggle-status")
    def toggle_status(self, request: Request, pk: str) -> Response:
        """Switch a contact on or off. A primary contact stays primary."""
        contact = actions.toggle_status(actor=user_of(request), contact=self._get_contact())
        done = "activated" if contact.is_active else "deactivated"
        return Response(success(f"Contact {done} successfully", contact_data(contact)))

    @documented(request_body=no_body, responses={200: Answer[ContactRow]})
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """Confirm a contact. You vouch for one that the customer added or changed.

        Messages from its number then reach the customer.
        """
        contact = actions.confirm_contact(actor=user_of(request), contact=self._get_contact())
        return Response(success("Contact confirmed successfully", contact_data(contact)))

    @documented(
        request_body=BulkCreateSerializer,
        responses={201: Answer[BulkCreated], 207: Answer[BulkCreated]},
    )
    @action(detail=False, methods=["post"], url_path="bulk-create")
    def bulk_create(self, request: Request) -> Response:
        """Create many contacts. 201 if all were created, 207 if some were, 400 if none was.

        They are created as if one after another: of several primary contacts of a customer, the last stays primary.
        """
        items, malformed = validate_items(_valid_fields(BulkCreateSerializer(data=request.data))["contacts"])
        created, refused = actions.create_contacts(actor=user_of(request), items=items)
        errors = [*error_items({**malformed, **refused})]
        if not created:
            return Response(failure("No contacts were created", {"contacts": errors}), status.HTTP_400_BAD_REQUEST)
        data = BulkCreated(created_contacts=contacts_data(created.values()), errors=errors)
        body = success(f"Created {len(created)} contacts successfully", data)
        return Response(body, status.HTTP_207_MULTI_STATUS if errors else status.HTTP_201_CREATED)

    @documented(responses={200: StatsAnswer})
    @action(detail=False, methods=["get"], filterset_class=None, pagination_class=None)
    def stats(self, request: Request) -> Response:
        """Count contacts. Those you may see, and the customers who have some."""
        counts = self.get_queryset().stats()
        customers = Customer.objects.visible_to(request.user).count()
        stats: ContactStats = {
            "total_contacts": counts["total_contacts"],
            "active_contacts": counts["active_contacts"],
            "inactive_contacts": counts["inactive_contacts"],
            "primary_contacts": counts["primary_contacts"],
            "customers_with_contacts": counts["customers_with_contacts"],
            "customers_without_contacts": customers - counts["customers_with_contacts"],
        }
        return Response(StatsAnswer(success=True, data=stats))

    def _get_contact(self) -> Contact:
        contact: Contact | None = self.get_queryset().filter(pk=id_in_path(self.kwargs["pk"])).first()
        if contact is None:
            raise NotFound("Contact not found.")
        return contact


class CustomerContactsView(APIView):
    """The contacts of one customer."""

    permission_classes = [IsAuthenticated]

    @documented(responses={200: Answer[CustomerContacts]})
    def get(self, request: Request, customer_id: str) -> Response:
        """List the contacts of one customer, the primary one first."""
        try:
            customer = Customer.objects.visible_to(request.user).or_404(customer_id)
        except CustomerMerged:
            raise
        except CustomerNotFound:
            raise NotFound("Customer not found.")
        rows = Contact.objects.filter(customer=customer).primary_first().values(*CONTACT_COLUMNS)
        data: CustomerContacts = {
            "customer": {
                "id": customer.pk,
                "customer_id": customer.customer_id,
                "full_name": customer.name,
                "username": customer.username,
            },
            "contacts": [contact_row(row) for row in rows],
        }
        return Response(success("Customer contacts retrieved successfully", data))


class CustomersWithContactsView(APIView):
    """Every customer with their contacts."""

    permission_classes = [IsAuthenticated]

    @documented(responses={200: Answer[list[CustomerWithContacts]]})
    def get(self, request: Request) -> StreamingHttpResponse:
        """List all customers with their contacts. Also those without any. The answer is streamed and has no pages."""
        return StreamingHttpResponse(stream_customers_with_contacts(user_of(request)), content_type="application/json")


def _valid_fields(serializer: Any) -> dict[str, Any]:
    """The valid fields of a body. Raises ValidationError."""
    serializer.is_valid(raise_exception=True)
    fields: Mapping[str, Any] = serializer.validated_data
    return dict(fields)
