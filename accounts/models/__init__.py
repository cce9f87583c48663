"""Logins, their sessions, and the audit trail."""

from accounts.models.audit import AuditEntry, AuditQuerySet
from accounts.models.sessions import Session, SessionKind, SessionQuerySet, SocketTicket
from accounts.models.users import Role, User, UserManager, UserQuerySet, full_name

__all__ = [
    "AuditEntry",
    "AuditQuerySet",
    "Role",
    "Session",
    "SessionKind",
    "SessionQuerySet",
    "SocketTicket",
    "User",
    "UserManager",
    "UserQuerySet",
    "full_name",
]
