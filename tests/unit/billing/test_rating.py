"""Price models: graduated tiers mean what the contract says, in integers only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.rating import Fixed, Graduated, Tier, Unpriceable, price_model

amounts = st.integers(min_value=0, max_value=10**9)


@st.composite
def tier_lists(draw: st.DrawFn) -> tuple[Tier, ...]:
    ends = sorted(draw(st.sets(st.integers(min_value=1, max_value=300), max_size=5)))
    return tuple(Tier(end, draw(amounts)) for end in [*ends, None])


def piecewise(tiers: tuple[Tier, ...], ordinal: int) -> int:
    """The definition, written another way: walk the units one by one and use each tier up."""
    remaining = [(tier.up_to, tier.unit_amount_minor) for tier in tiers]
    for unit in range(1, ordinal + 1):
        while remaining[0][0] is not None and unit > remaining[0][0]:
            remaining.pop(0)
    return remaining[0][1]


@given(tiers=tier_lists(), ordinal=st.integers(min_value=1, max_value=400))
def test_a_unit_costs_what_the_tier_of_its_ordinal_says(tiers: tuple[Tier, ...], ordinal: int) -> None:
    assert price_model(tiers).unit_amount(ordinal) == piecewise(tiers, ordinal)


@given(tiers=tier_lists(), first=st.integers(1, 350), quantity=st.integers(0, 350))
def test_a_total_is_the_sum_of_its_units(tiers: tuple[Tier, ...], first: int, quantity: int) -> None:
    model = price_model(tiers)
    assert model.total(first, quantity) == sum(model.unit_amount(n) for n in range(first, first + quantity))


@given(tiers=tier_lists(), quantity=st.integers(0, 350), cut=st.integers(0, 350))
def test_a_month_invoiced_in_two_closes_costs_the_same_as_in_one(
    tiers: tuple[Tier, ...], quantity: int, cut: int
) -> None:
    model, cut = price_model(tiers), min(cut, quantity)
    assert model.total(1, cut) + model.total(cut + 1, quantity - cut) == model.total(1, quantity)


@given(tiers=tier_lists(), keys=st.lists(st.integers(), min_size=1, max_size=80, unique=True), seed=st.randoms())
def test_the_total_does_not_depend_on_the_order_in_which_usage_came(
    tiers: tuple[Tier, ...], keys: list[int], seed: object
) -> None:
    model, shuffled = price_model(tiers), list(keys)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]

    def amount_of_each(came: list[int]) -> dict[int, int]:
        return {key: model.unit_amount(place) for place, key in enumerate(sorted(came), start=1)}

    assert amount_of_each(shuffled) == amount_of_each(keys)
    assert sum(amount_of_each(shuffled).values()) == model.total(1, len(keys))


@given(tiers=tier_lists(), ordinal=st.integers(1, 400))
def test_amounts_are_integers(tiers: tuple[Tier, ...], ordinal: int) -> None:
    assert type(price_model(tiers).unit_amount(ordinal)) is int
    assert type(price_model(tiers).total(1, ordinal)) is int


def test_one_tier_without_end_is_a_fixed_amount() -> None:
    model = price_model([Tier(None, 8000)])
    assert model == Fixed(8000)
    assert model.unit_amount(1_000_000) == 8000
    assert model.total(5, 3) == 24000


def test_earlier_units_keep_their_price_when_a_tier_is_passed() -> None:
    model = Graduated((Tier(2, 100), Tier(4, 80), Tier(None, 50)))
    assert [model.unit_amount(n) for n in range(1, 7)] == [100, 100, 80, 80, 50, 50]
    assert model.total(2, 4) == 100 + 80 + 80 + 50


@pytest.mark.parametrize(
    "tiers",
    [
        (),
        (Tier(10, 100),),
        (Tier(10, 100), Tier(10, 80), Tier(None, 50)),
        (Tier(10, 100), Tier(5, 80), Tier(None, 50)),
        (Tier(None, 100), Tier(None, 50)),
        (Tier(0, 100), Tier(None, 50)),
        (Tier(None, -1),),
        (Tier(3, -1), Tier(None, 5)),
    ],
)
def test_tiers_that_leave_an_ordinal_without_one_price_are_refused(tiers: tuple[Tier, ...]) -> None:
    with pytest.raises(Unpriceable):
        price_model(tiers)
