"""The currencies of ISO 4217, and how many decimals an amount in each has."""

from iso4217 import Currency

# Without gold, the test currency and whatever else has no decimals that the standard could name.
CURRENCIES: dict[str, int] = {one.code: one.exponent for one in Currency if one.exponent is not None}
