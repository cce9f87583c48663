"""Logins, their teams and sessions, mails to them, and the audit trail."""

from accounts.models.audit import AuditEntry, AuditQuerySet
from accounts.models.availability import Availability, LastSocket
from accounts.models.mails import Mail, MailQuerySet, PasswordReset
from accounts.models.mfa import SecondFactor, confirmed
from accounts.models.sessions import Session, SessionKind, SessionQuerySet, SocketTicket
from accounts.models.teams import Team
from accounts.models.users import Role, User, UserManager, UserQuerySet, full_name

__all__ = [
    "AuditEntry",
    "AuditQuerySet",
    "Availability",
    "LastSocket",
    "Mail",
    "MailQuerySet",
    "PasswordReset",
    "Role",
    "SecondFactor",
    "Session",
    "SessionKind",
    "SessionQuerySet",
    "SocketTicket",
    "Team",
    "User",
    "UserManager",
    "UserQuerySet",
    "confirmed",
    "full_name",
]
