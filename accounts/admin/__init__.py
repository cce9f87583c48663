"""Logins, their sessions and what they did, in Django admin."""

from accounts.admin import audit, sessions, signing_in, teams, users

__all__ = ["audit", "sessions", "signing_in", "teams", "users"]
