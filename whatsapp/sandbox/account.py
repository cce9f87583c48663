"""What the sandbox pretends to have at Meta."""

ACCOUNT_ID = "100000000000000"
PHONE_NUMBER_ID = "100000000000001"
# In the place of a phone number, which it does not have.
SHOWN_NUMBER = "Sandbox"
