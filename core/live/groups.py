"""The names of the live groups, each once."""

# Everybody at the desk: what is the same for all of them.
STAFF = "staff"
# Changes of any customer's row on the desk.
DESK = "desk"
# Relays: something was queued.
RELAY = "relay"


def customer_group(customer_id: int) -> str:
    """The group of one customer's chat."""
    return f"customer.{customer_id}"


def user_group(user_id: int) -> str:
    """The group of one login's sockets."""
    return f"user.{user_id}"
