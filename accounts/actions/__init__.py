"""What can be done with logins and sessions."""
