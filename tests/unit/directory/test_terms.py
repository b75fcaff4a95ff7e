"""What an agreement may say."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.directory.model import (
    BillableEvent,
    GateMode,
    ModelPermission,
    Party,
    Priority,
    Service,
    Tier,
    Turnaround,
)
from services.shared.errors import Invalid
from tests.unit.directory.examples import agreement, price_item, terms

TRIAL = ModelPermission("fetal_head", GateMode.TRIAL, ethics_protocol="EC-1")
HEAD_ITEM = {"code": "ai", "billable_event": BillableEvent.ANALYSIS_COMPLETED, "model": "fetal_head"}


def test_terms_with_a_trial_and_tiers_are_accepted() -> None:
    tiers = (Tier(9000, 3), Tier(8000, 100), Tier(6500))
    made = terms(models=(TRIAL,), price_items=(price_item(tiers=tiers), price_item(**HEAD_ITEM)))
    assert [tier.up_to for tier in made.price_items[0].tiers] == [3, 100, None]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"valid_until": date(2024, 1, 1)}, "comes after"),
        ({"services": ()}, "a service at least"),
        ({"services": (Service("US"), Service("US", "HEAD"))}, "twice: US/HEAD overlaps US/\\*"),
        ({"turnarounds": (Turnaround(Priority.STAT, timedelta(hours=1)),)}, "one turnaround for each"),
        ({"price_items": (price_item(), price_item())}, "reading more than once"),
        ({"price_items": (price_item(**HEAD_ITEM),)}, "does not let anybody see"),
        ({"models": (TRIAL, TRIAL)}, "fetal_head more than once"),
        ({"currency": "yuan"}, "ISO 4217"),
    ],
)
def test_terms_that_contradict_themselves_are_refused_with_the_reason(more: dict[str, Any], reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        terms(**more)


def test_a_model_in_shadow_is_never_charged_for() -> None:
    shadow = ModelPermission("fetal_head", GateMode.SHADOW)
    with pytest.raises(Invalid, match="does not let anybody see"):
        terms(models=(shadow,), price_items=(price_item(**HEAD_ITEM),))


@pytest.mark.parametrize(
    "tiers",
    [(), (Tier(1, 5),), (Tier(1, 5), Tier(1, 5), Tier(1)), (Tier(1), Tier(1)), (Tier(1, 9), Tier(1, 3), Tier(1))],
)
def test_tiers_rise_and_only_the_last_has_no_end(tiers: tuple[Tier, ...]) -> None:
    with pytest.raises(Invalid, match="tier"):
        price_item(tiers=tiers)


@pytest.mark.parametrize(
    "more", [{"payee": Party.REQUESTER}, {"code": ""}, {"description_zh": ""}, {"model": "fetal_head"}]
)
def test_a_price_item_that_makes_no_sense_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        price_item(**more)


def test_amounts_and_durations_are_not_negative() -> None:
    with pytest.raises(Invalid):
        Tier(-1)
    with pytest.raises(Invalid):
        Turnaround(Priority.STAT, timedelta())


@pytest.mark.parametrize(
    ("mode", "more"),
    [
        (GateMode.APPROVED, {}),
        (GateMode.APPROVED, {"certificate": "C-1", "ethics_protocol": "EC-1"}),
        (GateMode.TRIAL, {}),
        (GateMode.SHADOW, {"certificate": "C-1"}),
        (GateMode.SHADOW, {"ethics_protocol": "EC-1"}),
    ],
)
def test_a_model_is_permitted_only_on_the_ground_of_its_mode(mode: GateMode, more: dict[str, str]) -> None:
    with pytest.raises(Invalid, match="fetal_head"):
        ModelPermission("fetal_head", mode, **more)


def test_a_hospital_needs_no_agreement_with_itself() -> None:
    with pytest.raises(Invalid):
        agreement(reader="county")
