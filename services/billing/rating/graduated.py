"""Graduated price: each unit is charged by the tier that its own ordinal falls into; earlier units keep their price."""

from dataclasses import dataclass
from itertools import pairwise

from services.billing.rating.tier import Tier, Unpriceable


@dataclass(frozen=True, slots=True)
class Graduated:
    """Tiers in rising order, the last without end. Raises Unpriceable for tiers that leave a gap or go back."""

    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        if not self.tiers:
            raise Unpriceable("no tier")
        if any(tier.unit_amount_minor < 0 for tier in self.tiers):
            raise Unpriceable("negative unit amount")
        if self.tiers[-1].up_to is not None:
            raise Unpriceable(f"ordinals above {self.tiers[-1].up_to} have no price")
        ends = [0, *(tier.up_to for tier in self.tiers[:-1])]
        if any(end is None or start is None or end <= start for start, end in pairwise(ends)):
            raise Unpriceable("tiers do not rise")

    def unit_amount(self, ordinal: int) -> int:
        """The amount in minor units of the unit with this ordinal."""
        return next(tier.unit_amount_minor for tier in self.tiers if tier.up_to is None or ordinal <= tier.up_to)

    def total(self, first: int, quantity: int) -> int:
        """The amount in minor units of `quantity` units from ordinal `first` on: what each tier holds of the range."""
        last, begin, total = first + quantity - 1, 1, 0
        for tier in self.tiers:
            end = last if tier.up_to is None else min(last, tier.up_to)
            total += max(0, end - max(first, begin) + 1) * tier.unit_amount_minor
            begin = end + 1
        return total
