"""The currencies of ISO 4217, and how many decimals an amount in each has."""

from iso4217 import Currency

# The standard drops a currency when it ends, but orders in it stay: a shop brings its history along, and refunds what
# it sold before. These ended since 2009, when WhatsApp began, each with the decimals it had (none: BYR).
_ENDED = (
    "ANG", "BGN", "CUC", "EEK", "HRK", "LTL", "LVL", "MRO", "SKK", "SLL", "STD", "TMM", "VEF", "ZMK", "ZWL", "ZWR",
)  # fmt: skip

# Without gold, the test currency and whatever else has no decimals that the standard could name.
CURRENCIES: dict[str, int] = {
    **dict.fromkeys(_ENDED, 2),
    "BYR": 0,
    **{one.code: one.exponent for one in Currency if one.exponent is not None},
}
