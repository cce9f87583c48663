"""One call of every operation, as the examples in Swagger UI show them (config/examples.json)."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from rest_framework.test import APIClient

from accounts.actions.sessions import sign_in
from accounts.models import PasswordReset, User
from tests.accounts.codes import code_of, turn_on
from tests.cast import PASSWORD
from tests.phone_codes import last_code

_ADDRESS = {
    "address_type": "shipping", "first_name": "John", "last_name": "Doe", "address_line1": "12 Lake Road",
    "city": "Kandy", "postal_code": "20000", "country": "LK",
}  # fmt: skip
_CONTACT = {
    "customer": "{customer}", "email": "store@example.com", "wa_number": "+94771230001", "tp_number": "+94112345001",
    "is_primary": True,
}  # fmt: skip
_PROFILE = {"first_name": "John", "last_name": "Doe", "preferred_language": "en", "accepts_marketing_email": True}
_NEW = "Oak-table-1953"
_DESK = "/api/customers/{customer}/"
_OWN = "/api/customers/customers/"
_ONE = "/api/customers/customers/{customer}/"
_TAGS = "/api/v1/msg/customer/{customer}/tags/"

# The body of each call that has one.
BODIES: dict[str, Any] = {
    "POST /api/auth/login/": {"username": "sam", "password": PASSWORD},
    "POST /api/auth/refresh/": {"refresh": "{refresh}"},
    "POST /api/auth/logout/": {"refresh": "{refresh}"},
    "POST /api/auth/login/mfa/": {"mfa_token": "{mfa_token}", "code": "{app}"},
    "PATCH /api/auth/me/": {"availability": "away"},
    "POST /api/auth/mfa/setup/": {},
    "POST /api/auth/mfa/confirm/": {"code": "{app}"},
    "DELETE /api/auth/mfa/": {"current_password": PASSWORD, "code": "{app}"},
    "POST /api/auth/password/forgot/": {"login": "sam"},
    "POST /api/auth/password/reset/": {"token": "{reset}", "password": _NEW},
    "POST /api/token/": {"username": "sam", "password": PASSWORD},
    "POST /api/token/refresh/": {"refresh": "{refresh}"},
    "POST /api/token/verify/": {"token": "{refresh}"},
    "POST /api/users/": {
        "username": "nadia", "email": "nadia@desk.example", "first_name": "Nadia", "last_name": "Khan",
        "role": "sales", "password": _NEW,
    },
    "PUT /api/users/{user}/": {"is_active": False, "hand_over_to": "{owner}"},
    "PATCH /api/users/{user}/": {"last_name": "Perera"},
    "POST /api/teams/": {"name": "East", "members": ["{user}"], "managers": ["{owner}"]},
    "PUT /api/teams/{team}/": {"name": "South", "members": ["{owner}"]},
    "PATCH /api/teams/{team}/": {"managers": ["{user}"]},
    "POST /api/templates/{template}/preview/": {
        "parameters": {"order": "A-7", "name": "John", "day": "Friday", "buttons": ["A-7"]}
    },
    "POST /api/messages/": {"customer": "{customer}", "text": "We deliver on Friday.", "client_id": "5f1c6a0e"},
    "POST /api/customers/": {"name": "Jane Roe", "phone": "+94771234999", "notes": "Wants a quote for 20 chairs."},
    "PUT " + _DESK: {"name": "John Doe", "notes": "Prefers oak."},
    "PATCH " + _DESK: {"notes": "Prefers oak."},
    "POST " + _DESK + "merge/": {"into": "{other}", "keep": {"notes": "this"}, "dry_run": False},
    "PUT /api/working-hours/": {
        "time_zone": "Asia/Colombo",
        "week": {"mon": [["09:00", "13:00"], ["14:00", "18:00"]], "fri": [["20:00", "02:00"]]},
        "holidays": ["2026-12-25"], "away_message": "We are back on Monday at nine.",
    },
    "POST " + _DESK + "snooze/": {"until": "{tomorrow}"},
    "POST /api/assignments/": {"customer": "{customer}", "salesperson": "{user}", "note": "She knows him."},
    "POST /api/customers/register/": {
        "username": "janeroe", "email": "jane@example.com", "password": _NEW, "password2": _NEW, "first_name": "Jane",
        "last_name": "Roe", "phone": "+94771234888",
    },
    f"PUT {_OWN}update_profile/": _PROFILE,
    f"PATCH {_OWN}update_profile/": _PROFILE,
    f"POST {_OWN}change_password/": {"old_password": PASSWORD, "new_password": _NEW, "new_password2": _NEW},
    f"POST {_OWN}verify_phone/": {"code": "{code}"},
    f"PUT {_ONE}": _PROFILE,
    f"PATCH {_ONE}": _PROFILE,
    f"POST {_ONE}orders/": {
        "number": "A-1042", "status": "delivered", "total": "320.00", "currency": "USD",
        "placed_at": "2026-01-10T10:00:00Z", "lines": [{"sku": "oak-table", "quantity": 1}],
    },
    f"POST {_ONE}wishlist/": {"product_id": "oak-bench", "name": "Oak bench"},
    f"POST {_ONE}reviews/": {"product_id": "oak-table", "rating": 5, "text": "Heavy, and worth it."},
    f"PUT {_ONE}reviews/{{review}}/": {"rating": 4},
    f"POST {_ONE}update_loyalty_tier/": {"loyalty_tier": "gold", "reason": "A loyal customer"},
    f"POST {_ONE}add_loyalty_points/": {"points": 100, "reason": "Welcome"},
    "POST /api/customers/addresses/": {"customer": "{customer}", **_ADDRESS},
    "PUT /api/customers/addresses/{address}/": {"city": "Galle", "postal_code": "80000"},
    "PATCH /api/customers/addresses/{address}/": {"city": "Galle", "postal_code": "80000"},
    "POST /api/customers/groups/": {
        "name": "Regulars", "description": "They come back.", "assignment_rules": {"loyalty_tier": "gold"},
        "discount_percentage": "5.00", "priority_support": True,
    },
    "PUT /api/customers/groups/{group}/": {"free_shipping": True},
    "PATCH /api/customers/groups/{group}/": {"free_shipping": True},
    "POST /api/customers/groups/{group}/add_member/": {"customer_id": "{customer}"},
    "POST /api/customers/groups/{group}/remove_member/": {"customer_id": "{member}"},
    "POST /api/contacts/": _CONTACT,
    "POST /api/contacts/bulk-create/": {"contacts": [_CONTACT]},
    "PUT /api/contacts/{contact}/": {"email": "shop@example.com", "is_primary": True},
    "PATCH /api/contacts/{contact}/": {"email": "shop@example.com"},
    "POST /api/message/customer-data/": {"customer": "{customer}", "key": "size", "value": "180 cm"},
    "PUT /api/message/customer-data/{data}/": {"value": "200 cm"},
    "PATCH /api/message/customer-data/{data}/": {"value": "200 cm"},
    "POST /api/message/customer-data/bulk-delete/": {"data_ids": ["{data}"]},
    "POST " + _TAGS: {"tag_ids": ["{tag}"]},
    "PUT " + _TAGS: {"tag_ids": ["{tag}"]},
    "DELETE " + _TAGS: {"tag_ids": ["{worn}"]},
    "POST /api/v1/msg/tags/": {"name": "Premium"},
    "PUT /api/v1/msg/tags/{tag}/": {"name": "Key account"},
    "POST /api/v1/msg/tags/bulk-delete/": {"tag_ids": ["{tag}"]},
    "POST /api/v1/msg/tags/{tag}/customers/": {"customer_ids": ["{customer}"], "action": "add"},
}  # fmt: skip

# Who calls: an admin if it does not say `owner`, the salesperson, or `customer`.
CALLERS = {
    "GET /api/auth/me/": "owner",
    "PATCH /api/auth/me/": "owner",
    "GET /api/team/": "owner",
    "POST " + _DESK + "claim/": "owner",
    "POST /api/auth/mfa/setup/": "owner",
    "POST /api/auth/mfa/confirm/": "owner",
    "DELETE /api/auth/mfa/": "owner",
    f"GET {_OWN}me/": "customer",
    f"PUT {_OWN}update_profile/": "customer",
    f"PATCH {_OWN}update_profile/": "customer",
    f"POST {_OWN}change_password/": "customer",
    f"POST {_OWN}send_phone_code/": "customer",
    f"POST {_OWN}verify_phone/": "customer",
    **{row: "owner" for row in BODIES if "/customer-data/" in row},
    "GET /api/message/customer-data/": "owner",
    "GET /api/message/customer-data/{data}/": "owner",
    "DELETE /api/message/customer-data/{data}/": "owner",
    "GET /api/message/customer/{customer}/data/": "owner",
}

# Ids in a path that are not those of what it is usually about.
INSTEAD = {
    "DELETE /api/messages/{message}/": {"message": "queued"},
    "POST /api/messages/{message}/retry/": {"message": "failed"},
    "POST /api/messages/{message}/fetch-media/": {"message": "photo"},
    "DELETE " + _TAGS + "{tag}/": {"tag": "worn"},
    "POST " + _DESK + "confirm-phone/": {"customer": "claiming"},
}

# Nothing to show: Meta calls it, and it answers an empty object or plain text.
NOT_CALLED = {"GET /api/webhook/", "POST /api/webhook/"}

# Requests that are refused: the caller, the call, its body and headers.
REFUSED: tuple[tuple[str, str, Any, dict[str, str]], ...] = (
    ("nobody", "GET /api/auth/me/", None, {}),
    ("customer", "GET /api/users/", None, {}),
    ("owner", "GET /api/messages/999999999/", None, {}),
    ("owner", "POST /api/messages/", {"customer": "{customer}"}, {}),
    ("owner", "POST /api/messages/", {"customer": "{other}", "text": "Hello"}, {}),
    ("owner", "POST /api/customers/", "<name>Jane</name>", {"content-type": "application/xml"}),
    ("owner", "GET /api/customers/{gone}/", None, {}),
    ("owner", "PUT /api/customers/{customer}/", {"notes": "Prefers oak."}, {"if-match": '"older"'}),
    ("nobody", "GET /api/contacts/", None, {}),
    ("customer", "POST /api/contacts/{contact}/confirm/", None, {}),
    ("owner", "GET /api/contacts/999999999/", None, {}),
    ("owner", "POST /api/contacts/", {"customer": "{customer}", "email": "store"}, {}),
    ("nobody", "GET /api/v1/msg/tags/", None, {}),
    ("customer", "GET /api/v1/msg/tags/", None, {}),
    ("owner", "GET /api/v1/msg/tags/999999999/", None, {}),
    ("owner", "POST /api/v1/msg/customer/{customer}/tags/", {"tag_ids": []}, {}),
)

_DAY = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
_RANDOM_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_REPLACED = (
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+"), "eyJhbGciOiJIUzI1NiJ9.eyJzaWQiOiIxIn0.c2lnbmF0dXJl"),
    (re.compile(r"https?://testserver"), "https://desk.example"),
    (re.compile(r"cursor=[\w%.-]+"), "cursor=cD0yMDI2LTAxLTE1"),
    (re.compile(r"([?&](?:token|signature|key)=)[\w%.:-]+"), r"\1c2lnbmF0dXJl"),
)


# What differs each time, by the name of its field.
_SECRETS = {
    "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "otpauth_url": "otpauth://totp/Patter:sam?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Patter",
    "qr_svg": "<svg>...</svg>",
    "mfa_token": "eyJ1c2VyIjoxfQ:1vX:c2lnbmF0dXJl",
}


def steady(value: Any) -> Any:
    """The same without what differs each time, so that nobody records what has not changed.

    Times are those of one day; tokens, codes and links are always the same; ids that are drawn are counted.
    """
    ids: dict[str, str] = {}

    def counted(found: re.Match[str]) -> str:
        return ids.setdefault(found[0], f"5d1c4a52-7c0e-4b1f-9a3d-{len(ids) + 1:012x}")

    return json.loads(_RANDOM_ID.sub(counted, json.dumps(_steady(value))))


def _steady(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _steady(one, key) for key, one in value.items()}
    if name == "recovery_codes":
        return [f"{letter * 4}-7h2k-9mpq-x3vt" for letter in "abcdefghjk"]
    if isinstance(value, list):
        return [_steady(one) for one in value]
    if not isinstance(value, str):
        return value
    if name == "request_id":
        return "6f1d0a52"
    if name == "code" and re.fullmatch(r"\d{6}", value):
        return "314159"
    if name in _SECRETS:
        return _SECRETS[name]
    if name == "token" and not value.startswith("eyJ"):
        return "bGluay1mcm9tLWEtbWFpbA"
    if name == "ticket":
        return "aG93LWRvLXlvdS1kbw"
    if _TIME.fullmatch(value):
        return _steady_time(value)
    for pattern, instead in _REPLACED:
        value = pattern.sub(instead, value)
    return value


def _steady_time(value: str) -> str:
    away = datetime.fromisoformat(value) - datetime.now(UTC)
    if abs(away) > timedelta(days=20) and "." not in value:
        return value  # it was written in the call
    return f"{_DAY + timedelta(hours=round(away.total_seconds() / 3600)):%Y-%m-%dT%H:%M:%SZ}"


def call(row: str, scene: dict[str, Any], client: APIClient, owner: User) -> tuple[Any, Any]:
    """Make the call of an operation. Return the body that was sent, and the answer."""
    if "verify_phone" in row:
        client.post("/api/customers/customers/send_phone_code/")
        scene = {**scene, "code": last_code()}
    if row in ("POST /api/auth/login/mfa/", "DELETE /api/auth/mfa/"):
        turn_on(owner)
        mfa_token = client.post("/api/auth/login/", {"username": "sam", "password": PASSWORD}).json()["mfa_token"]
        scene = {**scene, "app": code_of(owner), "mfa_token": mfa_token}
    if "mfa/confirm" in row:
        client.post("/api/auth/mfa/setup/")
        scene = {**scene, "app": code_of(owner)}
    if "password/reset" in row:
        scene = {**scene, "reset": PasswordReset.open_for(owner)}
    scene = {**scene, "tomorrow": f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"}
    body = filled(BODIES.get(row), {**scene, "refresh": sign_in(user=owner).refresh})
    ids = {**scene, **{name: scene[of] for name, of in INSTEAD.get(row, {}).items()}}
    return body, send(client, row.format(**ids), body, {})


def send(client: APIClient, request: str, body: Any, headers: dict[str, str]) -> Any:
    """Send a request such as `GET /api/auth/me/`. A body that is no text goes as JSON."""
    method, path = request.split()
    sent = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    kind = headers.get("content-type", "application/json")
    return client.generic(method, path, sent, content_type=kind, headers=headers)


def filled(value: Any, scene: dict[str, Any]) -> Any:
    """A body with the ids of the scene in place of their names in brackets."""
    if isinstance(value, dict):
        return {name: filled(one, scene) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, scene) for one in value]
    return scene[value[1:-1]] if isinstance(value, str) and value[:1] == "{" else value
