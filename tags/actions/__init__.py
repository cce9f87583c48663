"""What can be done with tags: the only writers of Tag and CustomerTag rows."""
