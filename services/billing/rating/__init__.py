"""Price models, one a file. Amounts are integer minor units; ordinals count from 1 within a tier period."""

from collections.abc import Sequence
from typing import Protocol

from services.billing.rating.fixed import Fixed
from services.billing.rating.graduated import Graduated
from services.billing.rating.tier import Tier, Unpriceable

__all__ = ["Fixed", "Graduated", "PriceModel", "Tier", "Unpriceable", "price_model"]


class PriceModel(Protocol):
    """What a unit costs by its ordinal."""

    def unit_amount(self, ordinal: int) -> int:
        """The amount in minor units of the unit with this ordinal."""

    def total(self, first: int, quantity: int) -> int:
        """The amount in minor units of `quantity` units with ordinals from `first` on."""


def price_model(tiers: Sequence[Tier]) -> PriceModel:
    """One tier without end is a fixed amount, anything else is graduated. Raises Unpriceable."""
    if len(tiers) == 1 and tiers[0].up_to is None:
        return Fixed(tiers[0].unit_amount_minor)
    return Graduated(tuple(tiers))
