"""What can be done with logins and sessions."""

from accounts.actions.sessions import (
    SessionOver,
    Tokens,
    check_credentials,
    end_session,
    end_sessions,
    issue_ticket,
    log_in,
    log_out,
    redeem_ticket,
    refresh,
    session_of_token,
    sign_in,
)
from accounts.actions.users import change_password, create_user, remove_user, set_password, update_user

__all__ = [
    "SessionOver",
    "Tokens",
    "change_password",
    "check_credentials",
    "create_user",
    "end_session",
    "end_sessions",
    "issue_ticket",
    "log_in",
    "log_out",
    "redeem_ticket",
    "refresh",
    "remove_user",
    "session_of_token",
    "set_password",
    "sign_in",
    "update_user",
]
