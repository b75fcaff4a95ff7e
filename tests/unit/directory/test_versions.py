"""Versions and non-overlap, for any agreements that were ever accepted."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sonobridge.directory.v1 import directory_pb2 as pb

from services.directory import messages
from services.directory.model import Agreement, Service, conflict_between, coverage_of, in_force, next_version
from services.shared import directory_copy
from services.shared.errors import Conflict
from tests.unit.directory.examples import agreement

FIRST = date(2024, 1, 1)
DAYS = 40
PARTS = ("HEAD", "LIVER", "")

_day = st.integers(0, DAYS).map(lambda offset: FIRST + timedelta(offset))
_services = st.sampled_from(
    [
        (Service("US"),),
        (Service("US", "HEAD"),),
        (Service("US", "LIVER"), Service("CT")),
        (Service("CT", "HEAD"), Service("US", "HEAD")),
    ]
)


@st.composite
def _put(draw: st.DrawFn) -> Agreement:
    """What a request might propose: any number, dates and services, for one of two requesters."""
    begins = draw(_day)
    length = draw(st.none() | st.integers(1, DAYS))
    number = draw(st.sampled_from("ABCD"))
    return agreement(
        number,
        requester="yunxi" if number == "D" else "county",
        reader=f"reader-{number}",
        valid_from=begins,
        valid_until=begins + timedelta(length) if length else None,
        services=draw(_services),
    )


def accepted(puts: list[Agreement]) -> list[Agreement]:
    """All versions that the rules let in, when these are put one after the other."""
    kept: dict[str, list[Agreement]] = {}
    for put in puts:
        versions = kept.get(put.number, [])
        try:
            version = next_version(versions[-1], put) if versions else put
        except Conflict:
            continue
        theirs = [one for number, group in kept.items() if number != put.number for one in coverage_of(group)]
        if conflict_between(coverage_of([*versions, version]), theirs) is None:
            kept[put.number] = [*versions, version]
    return [one for group in kept.values() for one in group]


def covering(versions: list[Agreement], part: str, day: date) -> list[Agreement]:
    """By the definition alone: the versions begun last of their agreement, not ended, that name the service."""
    found = []
    for one in versions:
        later = [other for other in versions if other.number == one.number and other.version > one.version]
        replaced = any(other.terms.valid_from <= day for other in later)
        ended = one.terms.valid_until is not None and one.terms.valid_until <= day
        if one.terms.valid_from <= day and not replaced and not ended:
            found += [one] * any(service.covers("US", part) for service in one.terms.services)
    return found


@settings(max_examples=300, deadline=None)
@given(st.lists(_put(), max_size=12))
def test_a_requester_never_has_two_readers_for_a_service_and_every_copy_chooses_the_same_version(
    puts: list[Agreement],
) -> None:
    versions = accepted(puts)
    for requester in {one.requester_id for one in versions}:
        own = [one for one in versions if one.requester_id == requester]
        told: list[pb.Agreement] = [messages.agreement(one) for one in reversed(own)]
        for offset in range(0, 2 * DAYS, 3):
            day = FIRST + timedelta(offset)
            for part in PARTS:
                expected = covering(own, part, day)
                assert len(expected) <= 1
                chosen = in_force(own, "US", part, day)
                assert chosen == (expected[0] if expected else None)
                copied = directory_copy.in_force(told, "US", part, day)
                assert (copied and (copied.number, copied.version)) == (chosen and (chosen.number, chosen.version))


@settings(max_examples=200, deadline=None)
@given(st.lists(_put().filter(lambda one: one.number == "A"), min_size=1, max_size=6))
def test_the_versions_of_an_agreement_follow_each_other_without_overlap(puts: list[Agreement]) -> None:
    coverage = coverage_of(accepted(puts))
    for place, one in enumerate(coverage):
        assert one.ends is None or one.begins < one.ends
        assert all(not one.overlaps(other) for other in coverage[:place])


def test_a_version_ends_the_day_the_next_one_begins() -> None:
    first, second = agreement(), agreement(version=2, valid_from=date(2024, 7, 1))
    assert [(one.begins, one.ends) for one in coverage_of([second, first])] == [
        (date(2024, 1, 1), date(2024, 7, 1)),
        (date(2024, 7, 1), None),
    ]
    assert in_force([first, second], "US", "HEAD", date(2024, 6, 30)) == first
    assert in_force([first, second], "US", "HEAD", date(2024, 7, 1)) == second


def test_a_service_that_a_version_drops_is_not_covered_by_the_one_before() -> None:
    versions = [agreement(), agreement(version=2, valid_from=date(2024, 7, 1), services=(Service("CT"),))]
    assert in_force(versions, "US", "HEAD", date(2024, 7, 1)) is None
    assert (
        directory_copy.in_force([messages.agreement(one) for one in versions], "US", "HEAD", date(2024, 7, 1)) is None
    )


def test_an_agreement_that_a_version_ends_does_not_come_back() -> None:
    versions = [agreement(), agreement(version=2, valid_from=date(2024, 7, 1), valid_until=date(2024, 8, 1))]
    assert in_force(versions, "US", "HEAD", date(2024, 8, 1)) is None


@pytest.mark.parametrize("begins", [date(2023, 12, 31), date(2024, 1, 1)])
def test_a_version_begins_later_than_the_one_before(begins: date) -> None:
    with pytest.raises(Conflict, match="never changed"):
        next_version(agreement(), agreement(valid_from=begins))


def test_the_parties_of_an_agreement_never_change() -> None:
    with pytest.raises(Conflict, match="other parties"):
        next_version(agreement(), agreement(reader="another", valid_from=date(2025, 1, 1)))


def test_the_next_version_keeps_the_identity_and_takes_the_terms() -> None:
    proposed = agreement(valid_from=date(2025, 1, 1), consent_attested=True)
    made = next_version(agreement(), proposed)
    assert (made.id, made.version, made.terms) == (agreement().id, 2, proposed.terms)
