"""The endpoints of logins and sessions."""
