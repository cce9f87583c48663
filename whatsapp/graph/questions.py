"""What is asked of Meta by hand: about a token, a number, an account. Each question takes some seconds at most."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from whatsapp.graph.client import graph_url, tls

SECONDS = 10.0
# What a token must be allowed to do: send and receive, and read numbers and templates.
SCOPES = ("whatsapp_business_messaging", "whatsapp_business_management")


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
    reason: str = ""


class Graph:
    """Asks with one access token. Use as a context manager."""

    def __init__(self, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._token = token
        self._client = httpx.Client(base_url=graph_url(), headers=headers, timeout=SECONDS, verify=tls())
        # When Meta answered last, by its own clock.
        self.clock: datetime | None = None

    def __enter__(self) -> "Graph":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, path: str, method: str = "GET", *, token: str = "", **params: str) -> dict[str, Any]:
        """Return Meta's answer. `token`: another one than that of this object. Raises GraphSays."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            answer = self._client.request(method, path, params=params, headers=headers)
            body = answer.json()
        except httpx.HTTPError as error:
            raise GraphSays(f"Meta cannot be reached ({type(error).__name__}).")
        except ValueError:
            raise GraphSays("what answers is not Meta: its answer is not JSON.")
        if "date" in answer.headers:
            self.clock = parsedate_to_datetime(answer.headers["date"])
        if not isinstance(body, dict):
            raise GraphSays("what answers is not Meta: its answer has another form.")
        error = body.get("error")
        if answer.is_error or error:
            said = error if isinstance(error, dict) else {}
            text = str(said.get("message") or f"status {answer.status_code}").splitlines()[0][:200]
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

    def is_subscribed(self, account_id: str, app_id: str) -> bool:
        """Whether what happens in an account is told to the app. Raises GraphSays."""
        apps = self.ask(f"{account_id}/subscribed_apps").get("data") or []
        ids = {str((one.get("whatsapp_business_api_data") or {}).get("id") or one.get("id")) for one in apps}
        return app_id in ids if app_id else bool(ids)

    def callbacks(self, app_id: str, secret: str) -> list[dict[str, Any]]:
        """Where the app posts webhooks of WhatsApp, and of which fields. Raises GraphSays."""
        found = self.ask(f"{app_id}/subscriptions", token=f"{app_id}|{secret}").get("data") or []
        return [one for one in found if one.get("object") == "whatsapp_business_account"]
