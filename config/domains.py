"""The domains of the API: Swagger UI and ReDoc show operations under these, in this order."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Domain:
    """A group of operations: those whose path, below `/api/`, begins with `paths`."""

    name: str
    paths: str
    about: str


# As the documents of the API have them: the sales chat, customers, contacts, customer data, tags.
DOMAINS = (
    Domain(
        "Authentication",
        r"auth/|token/",
        "Sign in, stay signed in and sign out. An access token works for some minutes. A refresh token gets the next "
        "pair, and works once.",
    ),
    Domain(
        "Users",
        r"users/|team/|teams/|working-hours/|audit/",
        "The logins of staff, their teams, the list of colleagues, when the desk works, and the trail of who did what.",
    ),
    Domain(
        "Desk",
        r"customers/|desk/",
        "The customers of the sales desk with their chats: the list, one row, duplicates, merges, addresses on "
        "WhatsApp, and how many chats wait.",
    ),
    Domain(
        "Assignments",
        r"assignments/|customers/\{\w+\}/(assignments|claim|routing|access)/",
        "Which salesperson has which customer, now and in the past; who would get them, and who sees them.",
    ),
    Domain(
        "Messages",
        r"messages/|templates/|business-numbers/|customers/\{\w+\}/(messages|read|unread|close|reopen|snooze|events)/",
        "The chat: its history, sending text, files, templates and more, what became of each message, and whether the "
        "desk is done with it.",
    ),
    Domain("Reports", r"reports/", "What the desk achieved in a period."),
    Domain("Webhook", r"webhook/", "Where Meta delivers messages and statuses. Front ends do not need it."),
    Domain("Customers: registration", r"customers/register/", "How customers get a login of their own."),
    Domain(
        "Customers: profiles",
        r"customers/customers/",
        "The accounts of customers: their profile, password and phone, and what admins do with them.",
    ),
    Domain(
        "Customers: purchases",
        r"customers/customers/\{\w+\}/(orders|wishlist|reviews|loyalty|update_loyalty_tier|add_loyalty_points)/",
        "What a customer bought, wants and thinks of it, and the ledger of their loyalty points.",
    ),
    Domain("Customers: addresses", r"customers/addresses/", "Billing and shipping addresses."),
    Domain(
        "Customers: groups", r"customers/groups/", "Segments of customers, by hand or by rules, with their benefits."
    ),
    Domain(
        "Contacts",
        r"contacts/|customers-with-contacts/|customers/\{\w+\}/contacts/",
        "People to reach at a customer. Answers have an envelope of their own: `success`, `message` and `data`, or "
        "`errors`.",
    ),
    Domain(
        "Customer data",
        r"message/",
        "What you note about customers: keys with values and private files. Everybody has their own entries.",
    ),
    Domain("Tags", r"v1/msg/", 'The tags of customers, and those of the team. Refusals are `{"error": "..."}`.'),
)


def domain_of(path: str) -> str:
    """The name of the domain of a path such as `/api/users/{id}/`: the one that says most of it."""
    below = path.removeprefix("/api/")
    found = [(match.end(), domain.name) for domain in DOMAINS if (match := re.match(domain.paths, below))]
    if not found:
        raise LookupError(f"No domain in config/domains.py has {path}.")
    return max(found)[1]


def tags() -> list[dict[str, str]]:
    """The tags of Swagger, in order."""
    return [{"name": domain.name, "description": domain.about} for domain in DOMAINS]
