"""What is asked of Meta by hand: about a token, a number, an account. Each question takes some seconds at most."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from whatsapp.graph.bounds import BoundedClient
from whatsapp.graph.client import graph_url, tls
from whatsapp.graph.refusals import words_of

SECONDS = 10.0
# What a token must be allowed to do: send and receive, and read numbers and templates.
SCOPES = ("whatsapp_business_messaging", "whatsapp_business_management")

# What Meta posts to the webhook.
FIELDS = ",".join(
    (
        *("messages", "calls", "user_preferences", "smb_message_echoes", "smb_app_state_sync", "history", "standby"),
        *("message_template_status_update", "message_template_quality_update", "template_category_update"),
        *("message_template_components_update", "account_update", "account_alerts", "account_review_update"),
        *("phone_number_quality_update", "phone_number_name_update", "business_capability_update", "security"),
    )
)

_HEALTH = (
    "display_phone_number,verified_name,name_status,status,quality_rating,throughput,"
    "whatsapp_business_manager_messaging_limit,health_status"
)
_PROFILE = "about,address,description,email,websites,vertical,profile_picture_url"
_UNKNOWN_FIELD = 100


class GraphSays(Exception):
    """Meta refuses a question, or cannot be asked; `str()` says why. `code` is Meta's, or None if it did not answer."""

    def __init__(self, text: str, code: int | None = None) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Token:
    """What Meta says about an access token."""

    valid: bool
    app_id: str
    expires_at: datetime | None
    missing_scopes: list[str]
    # The accounts it was given access to, if it was given access to some only.
    account_ids: list[str]
    reason: str = ""


class Graph:
    """Asks with one access token. Use as a context manager."""

    def __init__(self, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._token = token
        self._client = BoundedClient(base_url=graph_url(), headers=headers, verify=tls())
        self._client.timeout = httpx.Timeout(SECONDS)
        # When Meta answered last, by its own clock.
        self.clock: datetime | None = None

    def __enter__(self) -> "Graph":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, path: str, method: str = "GET", *, token: str = "", **params: Any) -> dict[str, Any]:
        """Return Meta's answer. `token`: another one than that of this object. Raises GraphSays."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # What is changed goes in the body: it holds a secret, and URLs are logged on the way.
        sent: dict[str, Any] = {"params": params} if method == "GET" else {"json": params}
        return self._exchange(method, path, headers=headers, **sent)

    def _exchange(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        try:
            answer = self._client.request(method, path, **sent)
            body = answer.json()
        except httpx.HTTPError as error:
            raise GraphSays(f"Meta cannot be reached ({type(error).__name__}).")
        except ValueError:
            raise GraphSays("what answers is not Meta: its answer is not JSON.")
        if "date" in answer.headers:
            self.clock = parsedate_to_datetime(answer.headers["date"])
        if not isinstance(body, dict):
            raise GraphSays("what answers is not Meta: its answer has another form.")
        refusal = body.get("error")
        if answer.is_error or refusal:
            said = refusal if isinstance(refusal, dict) else {}
            text = str(said.get("message") or f"status {answer.status_code}").splitlines()[0][:200]
            if meant_for_people := words_of(said):
                text = f"{text.rstrip('.')}. {meant_for_people[:300]}"
            raise GraphSays(f"Meta says: {text}", int(said.get("code") or answer.status_code))
        return body

    def token(self) -> Token:
        """What Meta says about the token. Raises GraphSays."""
        data = self.ask("debug_token", input_token=self._token).get("data") or {}
        granted = set(data.get("scopes") or [])
        ends = int(data.get("expires_at") or 0)
        return Token(
            valid=bool(data.get("is_valid")),
            app_id=str(data.get("app_id") or ""),
            expires_at=datetime.fromtimestamp(ends, UTC) if ends else None,
            missing_scopes=[scope for scope in SCOPES if scope not in granted],
            account_ids=[
                str(account)
                for one in data.get("granular_scopes") or []
                if one.get("scope") == SCOPES[1]
                for account in one.get("target_ids") or []
            ],
            reason=str((data.get("error") or {}).get("message") or "")[:200],
        )

    def knows_secret(self, app_id: str, secret: str) -> bool:
        """Whether this is the secret of the app. Raises GraphSays if Meta cannot be asked."""
        try:
            self.ask(app_id, token=f"{app_id}|{secret}", fields="id")
        except GraphSays as refused:
            if refused.code is None:
                raise
            return False
        return True

    def number(self, phone_number_id: str) -> dict[str, Any]:
        """What Meta says about a number. Raises GraphSays."""
        return self.ask(phone_number_id, fields="display_phone_number,verified_name,status,quality_rating")

    def numbers(self, account_id: str) -> list[dict[str, Any]]:
        """The numbers of an account. Raises GraphSays."""
        fields = "id,display_phone_number,verified_name"
        return list(self.ask(f"{account_id}/phone_numbers", fields=fields).get("data") or [])

    def health(self, phone_number_id: str) -> dict[str, Any]:
        """Everything Meta says about a number. Raises GraphSays."""
        try:
            return self.ask(phone_number_id, fields=_HEALTH)
        except GraphSays as refused:
            if refused.code != _UNKNOWN_FIELD:
                raise
            return self.number(phone_number_id)  # a version that does not know one of the fields

    def profile(self, phone_number_id: str) -> dict[str, Any]:
        """The profile of a number that customers see. Raises GraphSays."""
        data = self.ask(f"{phone_number_id}/whatsapp_business_profile", fields=_PROFILE).get("data")
        found = data[0] if isinstance(data, list) and data else {}
        return found if isinstance(found, dict) else {}

    def change_profile(self, phone_number_id: str, changes: dict[str, Any]) -> None:
        """Change parts of the profile of a number. Raises GraphSays."""
        self.ask(f"{phone_number_id}/whatsapp_business_profile", "POST", messaging_product="whatsapp", **changes)

    def upload_picture(self, app_id: str, content: bytes, mime_type: str) -> str:
        """Upload a picture for a profile; return the handle that a profile takes. Raises GraphSays."""
        said = {"file_name": "picture", "file_length": str(len(content)), "file_type": mime_type}
        session = self._exchange("POST", f"{app_id}/uploads", params=said).get("id")
        headers = {"Authorization": f"OAuth {self._token}", "file_offset": "0"}
        # The id of the session looks like an address with a scheme of its own.
        handle = self._exchange("POST", f"{graph_url()}/{session}", headers=headers, content=content).get("h")
        if not isinstance(handle, str) or not handle:
            raise GraphSays("Meta did not take the picture.")
        return handle

    def subscribe(self, account_id: str) -> None:
        """Have what happens in an account told to the token's app. Doing it twice changes nothing. Raises GraphSays."""
        self.ask(f"{account_id}/subscribed_apps", "POST")

    def set_callback(self, app_id: str, secret: str, *, url: str, verify_token: str) -> None:
        """Have the app post webhooks to `url`. Meta asks it for the verify token at once. Raises GraphSays."""
        self.ask(
            f"{app_id}/subscriptions",
            "POST",
            token=f"{app_id}|{secret}",
            object="whatsapp_business_account",
            callback_url=url,
            verify_token=verify_token,
            fields=FIELDS,
        )

    def is_subscribed(self, account_id: str, app_id: str) -> bool:
        """Whether what happens in an account is told to the app. Raises GraphSays."""
        apps = self.ask(f"{account_id}/subscribed_apps").get("data") or []
        ids = {str((one.get("whatsapp_business_api_data") or {}).get("id") or one.get("id")) for one in apps}
        return app_id in ids if app_id else bool(ids)
