"""The sales desk's list: customers with their chat and tags, as /api/customers/ and the inbox show them."""
