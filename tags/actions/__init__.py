"""What can be done with tags. Only these functions write Tag and CustomerTag rows."""
