"""What is done with customers: the only writers of Customer rows.

Each locks the customer first (several in order of id), changes, and records what happened, in one transaction.
"""

from customers.actions.addresses import create_address, delete_address, set_default_address, update_address
from customers.actions.assignments import (
    assign,
    assign_automatically,
    end_assignment,
    free_customers_of,
    unassign,
)
from customers.actions.groups import add_member, remove_member
from customers.actions.loyalty import add_points, set_tier
from customers.actions.people import create_customer, erase_customer, set_state, update_customer, update_profile
from customers.actions.phones import send_phone_code, verify_phone
from customers.actions.purchases import change_review, delete_review, record_order, unwish, wish, write_review
from customers.actions.registration import register

__all__ = [
    "add_member",
    "add_points",
    "assign",
    "assign_automatically",
    "change_review",
    "create_address",
    "create_customer",
    "delete_address",
    "delete_review",
    "end_assignment",
    "erase_customer",
    "free_customers_of",
    "record_order",
    "register",
    "remove_member",
    "send_phone_code",
    "set_default_address",
    "set_state",
    "set_tier",
    "unassign",
    "unwish",
    "update_address",
    "update_customer",
    "update_profile",
    "verify_phone",
    "wish",
    "write_review",
]
