"""The same amount for every unit."""

from dataclasses import dataclass

from services.billing.rating.tier import Unpriceable


@dataclass(frozen=True, slots=True)
class Fixed:
    """Every unit costs `amount_minor`. Raises Unpriceable for a negative amount."""

    amount_minor: int

    def __post_init__(self) -> None:
        if self.amount_minor < 0:
            raise Unpriceable(f"negative unit amount {self.amount_minor}")

    def unit_amount(self, ordinal: int) -> int:
        """The amount in minor units, whatever the ordinal."""
        return self.amount_minor

    def total(self, first: int, quantity: int) -> int:
        """The amount in minor units of `quantity` units."""
        return self.amount_minor * quantity
