"""The names of the live groups."""

# All staff: changes that concern everyone at the desk.
STAFF = "staff"
# Changes to the row of any customer on the desk.
DESK = "desk"
# The relays: there is something to send.
RELAY = "relay"


def customer_group(customer_id: int) -> str:
    """Return the group of one customer's chat."""
    return f"customer.{customer_id}"


def customer_of(group: str) -> int:
    """Return the id of the customer whose chat a group is of."""
    return int(group.removeprefix("customer."))


def user_group(user_id: int) -> str:
    """Return the group of the sockets of one login."""
    return f"user.{user_id}"
