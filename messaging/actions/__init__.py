"""What the desk does with messages."""
