"""One step of a price."""

from dataclasses import dataclass


class Unpriceable(ValueError):
    """The tiers do not give every ordinal exactly one amount."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Ordinals up to and including `up_to` (None = without end) cost `unit_amount_minor` each."""

    up_to: int | None
    unit_amount_minor: int
