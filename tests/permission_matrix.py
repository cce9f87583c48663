"""The permission matrix: what every endpoint of the API answers to everybody of the cast.

Writes are sent with an empty body: 400 then says that the caller got past the permissions.
"""

from collections.abc import Iterator
from typing import Any

from drf_yasg.generators import EndpointEnumerator

ROLES = ("anonymous", "customer", "owner", "stranger", "admin", "manager")

# The status that each of ROLES gets: anonymous, the customer, their salesperson, another salesperson, an admin. The
# manager of the salesperson's team gets what the salesperson gets, but for MANAGER.
_OTHERS = {
    "POST /api/auth/login/": "400 400 400 400 400",
    "POST /api/auth/refresh/": "400 400 400 400 400",
    # The access token alone says whose session it is.
    "POST /api/auth/logout/": "400 204 204 204 204",
    "GET /api/auth/me/": "401 200 200 200 200",
    "PATCH /api/auth/me/": "401 403 400 400 400",
    "GET /api/auth/sessions/": "401 200 200 200 200",
    "DELETE /api/auth/sessions/": "401 204 204 204 204",
    # Somebody else's, and none that there is.
    "DELETE /api/auth/sessions/{session}/": "401 404 404 404 204",
    "POST /api/auth/login/mfa/": "400 400 400 400 400",
    "POST /api/auth/mfa/setup/": "401 200 200 200 200",
    "POST /api/auth/mfa/confirm/": "401 400 400 400 400",
    "DELETE /api/auth/mfa/": "401 400 400 400 400",
    "POST /api/auth/password/forgot/": "400 400 400 400 400",
    "POST /api/auth/password/reset/": "400 400 400 400 400",
    "POST /api/auth/ws-ticket/": "401 200 200 200 200",
    "POST /api/token/": "400 400 400 400 400",
    "POST /api/token/refresh/": "400 400 400 400 400",
    "POST /api/token/verify/": "400 400 400 400 400",
    "GET /api/team/": "401 403 200 200 200",
    "GET /api/audit/": "401 403 403 403 200",
    "GET /api/users/": "401 403 403 403 200",
    "POST /api/users/": "401 403 403 403 400",
    "GET /api/users/{user}/": "401 403 403 403 200",
    "PUT /api/users/{user}/": "401 403 403 403 200",
    "PATCH /api/users/{user}/": "401 403 403 403 200",
    "DELETE /api/users/{user}/": "401 403 403 403 204",
    "GET /api/teams/": "401 403 403 403 200",
    "POST /api/teams/": "401 403 403 403 400",
    "GET /api/teams/{team}/": "401 403 403 403 200",
    "PUT /api/teams/{team}/": "401 403 403 403 200",
    "PATCH /api/teams/{team}/": "401 403 403 403 200",
    "DELETE /api/teams/{team}/": "401 403 403 403 204",
    "GET /api/business-numbers/": "401 403 200 200 200",
    "GET /api/templates/": "401 403 200 200 200",
    "POST /api/templates/{template}/preview/": "401 403 400 400 400",
    "GET /api/webhook/": "403 403 403 403 403",
    "POST /api/webhook/": "401 401 401 401 401",
    "GET /api/messages/": "401 403 200 200 200",
    "POST /api/messages/": "401 403 400 400 400",
    "GET /api/messages/{message}/": "401 403 200 404 200",
    # Already sent.
    "DELETE /api/messages/{message}/": "401 403 409 404 409",
    "POST /api/messages/{message}/retry/": "401 403 409 404 409",
    "POST /api/messages/{message}/fetch-media/": "401 403 409 404 409",
    "GET /api/messages/{message}/statuses/": "401 403 200 404 200",
    "GET /api/working-hours/": "401 403 403 403 200",
    "PUT /api/working-hours/": "401 403 403 403 200",
    "GET /api/desk/counts/": "401 403 200 200 200",
    "GET /api/customers/": "401 403 200 200 200",
    "POST /api/customers/": "401 403 400 400 400",
    "GET /api/customers/{customer}/": "401 403 200 404 200",
    "PUT /api/customers/{customer}/": "401 403 200 404 200",
    "PATCH /api/customers/{customer}/": "401 403 200 404 200",
    "DELETE /api/customers/{customer}/": "401 403 403 403 204",
    # There is nothing to confirm.
    "POST /api/customers/{customer}/confirm-phone/": "401 403 400 404 400",
    "POST /api/customers/{customer}/claim/": "401 403 200 404 400",
    "GET /api/customers/{customer}/routing/": "401 403 200 404 200",
    "GET /api/customers/{customer}/access/": "401 403 403 403 200",
    "GET /api/customers/{customer}/messages/": "401 403 200 404 200",
    "POST /api/customers/{customer}/read/": "401 403 200 404 200",
    "POST /api/customers/{customer}/close/": "401 403 200 404 200",
    "POST /api/customers/{customer}/reopen/": "401 403 200 404 200",
    "POST /api/customers/{customer}/snooze/": "401 403 400 404 400",
    "POST /api/customers/{customer}/unread/": "401 403 200 404 200",
    "GET /api/customers/{customer}/events/": "401 403 200 404 200",
    "POST /api/customers/{customer}/block/": "401 403 200 404 200",
    "POST /api/customers/{customer}/unblock/": "401 403 200 404 200",
    "GET /api/customers/{customer}/identities/": "401 403 200 404 200",
    "DELETE /api/customers/{customer}/identities/{identity}/": "401 403 204 404 204",
    "GET /api/customers/{customer}/assignments/": "401 403 200 404 200",
    "GET /api/customers/{customer}/duplicates/": "401 403 200 404 200",
    "POST /api/customers/{customer}/merge/": "401 403 400 404 400",
    "GET /api/customers/{customer}/merges/": "401 403 200 404 200",
    "POST /api/customers/merges/{merge}/undo/": "401 403 200 404 200",
    "GET /api/reports/response-times/": "401 403 200 200 200",
    "GET /api/reports/response-times.csv/": "401 403 200 200 200",
    "GET /api/reports/ads/": "401 403 403 403 200",
    "GET /api/assignments/": "401 403 200 200 200",
    "POST /api/assignments/": "401 403 400 400 400",
    "GET /api/assignments/{assignment}/": "401 403 200 404 200",
    "DELETE /api/assignments/{assignment}/": "401 403 204 404 204",
    "POST /api/customers/register/": "400 400 400 400 400",
    "GET /api/customers/customers/": "401 403 403 403 200",
    "GET /api/customers/customers/me/": "401 200 404 404 404",
    "PUT /api/customers/customers/update_profile/": "401 200 404 404 404",
    "PATCH /api/customers/customers/update_profile/": "401 200 404 404 404",
    "POST /api/customers/customers/change_password/": "401 400 400 400 400",
    "POST /api/customers/customers/send_phone_code/": "401 200 404 404 404",
    "POST /api/customers/customers/verify_phone/": "401 400 404 404 404",
    "GET /api/customers/customers/{customer}/export/": "401 200 403 403 200",
    "GET /api/customers/customers/analytics/": "401 403 403 403 200",
    "GET /api/customers/customers/export/": "401 403 403 403 200",
    "GET /api/customers/customers/{customer}/": "401 200 200 404 200",
    "PUT /api/customers/customers/{customer}/": "401 200 403 403 200",
    "PATCH /api/customers/customers/{customer}/": "401 200 403 403 200",
    "DELETE /api/customers/customers/{customer}/": "401 403 403 403 204",
    "GET /api/customers/customers/{customer}/stats/": "401 200 200 404 200",
    "GET /api/customers/customers/{customer}/orders/": "401 200 200 404 200",
    "POST /api/customers/customers/{customer}/orders/": "401 403 403 403 400",
    "GET /api/customers/customers/{customer}/wishlist/": "401 200 200 404 200",
    "POST /api/customers/customers/{customer}/wishlist/": "401 400 403 403 400",
    "DELETE /api/customers/customers/{customer}/wishlist/{item}/": "401 204 403 403 204",
    "GET /api/customers/customers/{customer}/reviews/": "401 200 200 404 200",
    "POST /api/customers/customers/{customer}/reviews/": "401 400 403 403 400",
    "PUT /api/customers/customers/{customer}/reviews/{review}/": "401 200 403 403 200",
    "DELETE /api/customers/customers/{customer}/reviews/{review}/": "401 204 403 403 204",
    "GET /api/customers/customers/{customer}/loyalty/": "401 200 200 404 200",
    "POST /api/customers/customers/{customer}/verify/": "401 403 403 403 200",
    "POST /api/customers/customers/{customer}/make_vip/": "401 403 403 403 200",
    "POST /api/customers/customers/{customer}/update_loyalty_tier/": "401 403 403 403 200",
    "POST /api/customers/customers/{customer}/add_loyalty_points/": "401 403 403 403 400",
    "POST /api/customers/customers/{customer}/deactivate/": "401 200 403 403 200",
    "POST /api/customers/customers/{customer}/reactivate/": "401 403 403 403 200",
    "GET /api/customers/addresses/": "401 200 200 200 200",
    "POST /api/customers/addresses/": "401 400 403 403 400",
    "GET /api/customers/addresses/{address}/": "401 200 200 404 200",
    "PUT /api/customers/addresses/{address}/": "401 200 403 403 200",
    "PATCH /api/customers/addresses/{address}/": "401 200 403 403 200",
    "DELETE /api/customers/addresses/{address}/": "401 204 403 403 204",
    "POST /api/customers/addresses/{address}/set_default/": "401 200 403 403 200",
    "GET /api/customers/groups/": "401 200 200 200 200",
    "POST /api/customers/groups/": "401 403 403 403 400",
    "GET /api/customers/groups/{group}/": "401 200 200 200 200",
    "PUT /api/customers/groups/{group}/": "401 403 403 403 200",
    "PATCH /api/customers/groups/{group}/": "401 403 403 403 200",
    "DELETE /api/customers/groups/{group}/": "401 403 403 403 204",
    "GET /api/customers/groups/{group}/members/": "401 200 200 200 200",
    "GET /api/customers/groups/{group}/statistics/": "401 403 403 403 200",
    "POST /api/customers/groups/{group}/add_member/": "401 403 403 403 400",
    "POST /api/customers/groups/{group}/remove_member/": "401 403 403 403 400",
    "GET /api/contacts/": "401 200 200 200 200",
    "POST /api/contacts/": "401 400 400 400 400",
    "POST /api/contacts/bulk-create/": "401 400 400 400 400",
    "GET /api/contacts/stats/": "401 200 200 200 200",
    "GET /api/contacts/{contact}/": "401 200 200 404 200",
    "PUT /api/contacts/{contact}/": "401 200 200 404 200",
    "PATCH /api/contacts/{contact}/": "401 200 200 404 200",
    "DELETE /api/contacts/{contact}/": "401 200 200 404 200",
    "POST /api/contacts/{contact}/set-primary/": "401 200 200 404 200",
    "POST /api/contacts/{contact}/toggle-status/": "401 200 200 404 200",
    "POST /api/contacts/{contact}/confirm/": "401 403 200 404 200",
    "GET /api/customers/{customer}/contacts/": "401 200 200 404 200",
    "GET /api/customers-with-contacts/": "401 200 200 200 200",
    "GET /api/message/customer-data/": "401 403 200 200 200",
    "POST /api/message/customer-data/": "401 403 400 400 400",
    "POST /api/message/customer-data/bulk-delete/": "401 403 400 400 400",
    # Entries are private to their user, so not even an admin sees them.
    "GET /api/message/customer-data/{data}/": "401 403 200 404 404",
    "PUT /api/message/customer-data/{data}/": "401 403 200 404 404",
    "PATCH /api/message/customer-data/{data}/": "401 403 200 404 404",
    "DELETE /api/message/customer-data/{data}/": "401 403 200 404 404",
    "GET /api/message/customer/{customer}/data/": "401 403 200 404 200",
    # Here somebody else's customer is 403, a missing one 404.
    "GET /api/v1/msg/customer/{customer}/tags/": "401 403 200 403 200",
    "POST /api/v1/msg/customer/{customer}/tags/": "401 403 400 403 400",
    "PUT /api/v1/msg/customer/{customer}/tags/": "401 403 400 403 400",
    "DELETE /api/v1/msg/customer/{customer}/tags/": "401 403 400 403 400",
    "POST /api/v1/msg/customer/{customer}/tags/{tag}/": "401 403 200 403 200",
    # The customer does not have this tag.
    "DELETE /api/v1/msg/customer/{customer}/tags/{tag}/": "401 403 400 403 400",
    "GET /api/v1/msg/tags/": "401 403 200 200 200",
    "POST /api/v1/msg/tags/": "401 403 400 400 400",
    "POST /api/v1/msg/tags/bulk-delete/": "401 403 400 400 400",
    "GET /api/v1/msg/tags/{tag}/": "401 403 200 200 200",
    "PUT /api/v1/msg/tags/{tag}/": "401 403 400 403 400",
    "DELETE /api/v1/msg/tags/{tag}/": "401 403 200 403 200",
    "POST /api/v1/msg/tags/{tag}/customers/": "401 403 400 400 400",
}

MANAGER = {
    # Entries are private to their user.
    "GET /api/message/customer-data/{data}/": "404",
    "PUT /api/message/customer-data/{data}/": "404",
    "PATCH /api/message/customer-data/{data}/": "404",
    "DELETE /api/message/customer-data/{data}/": "404",
    # The salesperson has the customer already, and is told so.
    "POST /api/customers/{customer}/claim/": "409",
    # Tags are changed by who made them.
    "PUT /api/v1/msg/tags/{tag}/": "403",
    "DELETE /api/v1/msg/tags/{tag}/": "403",
}

MATRIX = {row: f"{statuses} {MANAGER.get(row, statuses.split()[2])}" for row, statuses in _OTHERS.items()}

# What the id in a path is an id of, by the word before it.
_ID_AFTER = {
    "sessions": "session",
    "users": "user",
    "messages": "message",
    "customers": "customer",
    "customer": "customer",
    "assignments": "assignment",
    "contacts": "contact",
    "customer-data": "data",
    "tags": "tag",
    "teams": "team",
    "templates": "template",
    "addresses": "address",
    "groups": "group",
    "wishlist": "item",
    "reviews": "review",
    "identities": "identity",
    "merges": "merge",
}


def endpoints() -> Iterator[tuple[str, Any]]:
    """Every endpoint with the view behind it; the ids in its path are named after what they are ids of."""
    for path, method, view in EndpointEnumerator().get_api_endpoints():
        words = path.split("/")
        for index, word in enumerate(words):
            if word.startswith("{"):
                words[index] = f"{{{_ID_AFTER.get(words[index - 1], words[index - 1])}}}"
        yield f"{method} {'/'.join(words)}", view


def rows() -> list[str]:
    """Every endpoint there is, as MATRIX spells it."""
    return [row for row, _ in endpoints()]
