"""Customers and what hangs off them as JSON."""

from customers.serializers.assignments import (
    AssignmentSerializer,
    AssignSerializer,
    DeskCustomerField,
    assignment_data,
)
from customers.serializers.customers import (
    CUSTOMER_COLUMNS,
    CustomerWriteSerializer,
    OwnerField,
    PhoneField,
    RefSerializer,
    customer_data,
    customer_row,
    customers_data,
)
from customers.serializers.events import EventsSerializer, FrameSerializer

__all__ = [
    "CUSTOMER_COLUMNS",
    "AssignSerializer",
    "AssignmentSerializer",
    "CustomerWriteSerializer",
    "DeskCustomerField",
    "EventsSerializer",
    "FrameSerializer",
    "OwnerField",
    "PhoneField",
    "RefSerializer",
    "assignment_data",
    "customer_data",
    "customer_row",
    "customers_data",
]
