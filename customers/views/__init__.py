"""REST views of customers and what belongs to them."""
