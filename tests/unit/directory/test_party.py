"""Organisations, devices and members."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.directory.model import Device, Membership, Organisation, Outcome, Role, check_roles, settle
from services.shared.errors import Invalid
from tests.unit.directory.examples import named

HOSPITAL = Organisation(
    id=named("qinghe"),
    alias="qinghe",
    name_zh="青禾县人民医院",
    name_en="Qinghe County People's Hospital",
    time_zone="Asia/Shanghai",
    unified_social_credit_code="12990121425000030G",
    platform=False,
    quiet_period=timedelta(minutes=2),
)
PLATFORM = replace(HOSPITAL, alias="platform", platform=True, unified_social_credit_code=None)


@pytest.mark.parametrize(
    "more",
    [
        {"alias": "Qinghe"},
        {"alias": "q"},
        {"name_zh": ""},
        {"name_en": " x"},
        {"time_zone": "China"},
        {"unified_social_credit_code": None},
        {"unified_social_credit_code": "12990121425000030H"},
        {"quiet_period": timedelta()},
        {"quiet_period": timedelta(hours=25)},
    ],
)
def test_an_organisation_is_valid_once_constructed(more: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        replace(HOSPITAL, **more)


@pytest.mark.parametrize("more", [{"ae_title": "A" * 17}, {"port": 0}, {"port": 65536}, {"host": "a b"}])
def test_a_device_is_valid_once_constructed(more: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "id": named("d"),
        "organisation_id": named("o"),
        "ae_title": " US1 ",
        "host": "10.0.0.7",
        "port": 104,
    }
    assert Device(**good).ae_title == "US1"
    with pytest.raises(Invalid):
        Device(**good | more)


def _member(**more: Any) -> Membership:
    content: dict[str, Any] = {
        "id": named("m"),
        "organisation_id": named("o"),
        "subject": "s",
        "username": "wang.min",
        "display_name": "王敏",
        "roles": frozenset({Role.EXPERT}),
    }
    return Membership(**content | more)


@pytest.mark.parametrize("more", [{"roles": frozenset()}, {"display_name": ""}, {"username": "Wang"}])
def test_a_member_has_a_name_and_a_role(more: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        _member(**more)


def test_operators_belong_to_the_platform_and_clinical_people_to_hospitals() -> None:
    check_roles(PLATFORM, frozenset({Role.OPERATOR, Role.BILLING_ADMIN}))
    check_roles(HOSPITAL, frozenset(Role) - {Role.OPERATOR})
    with pytest.raises(Invalid):
        check_roles(HOSPITAL, frozenset({Role.OPERATOR}))
    with pytest.raises(Invalid):
        check_roles(PLATFORM, frozenset({Role.EXPERT}))


def test_putting_keeps_the_identity_and_counts_changes() -> None:
    assert settle(None, HOSPITAL) == (Outcome.CREATED, HOSPITAL)
    proposed = replace(HOSPITAL, id=named("other"))
    assert settle(HOSPITAL, proposed) == (Outcome.UNCHANGED, HOSPITAL)
    outcome, changed = settle(HOSPITAL, replace(proposed, name_zh="青禾医院"))
    assert outcome == Outcome.CHANGED
    assert (changed.id, changed.revision, changed.name_zh) == (HOSPITAL.id, 2, "青禾医院")
