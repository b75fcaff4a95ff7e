"""Money: integer minor units of a currency."""

from typing import Final

# ISO 4217:2015, list one, column "minor unit".
MINOR_UNIT_DIGITS: Final[dict[str, int]] = {
    "CNY": 2,
    "EUR": 2,
    "HKD": 2,
    "JPY": 0,
    "KRW": 0,
    "MOP": 2,
    "SGD": 2,
    "TWD": 2,
    "USD": 2,
}


def decimal_text(amount_minor: int, currency: str) -> str:
    """The amount in major units with the currency's number of decimals: -123450 CNY is "-1234.50"."""
    digits = MINOR_UNIT_DIGITS[currency]
    sign = "-" if amount_minor < 0 else ""
    if digits == 0:
        return f"{sign}{abs(amount_minor)}"
    whole, fraction = divmod(abs(amount_minor), 10**digits)
    return f"{sign}{whole}.{fraction:0{digits}d}"
