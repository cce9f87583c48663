"""Everything that changes logins and sessions."""
