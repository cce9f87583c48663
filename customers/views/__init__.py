"""REST views of customers and what hangs off them."""
