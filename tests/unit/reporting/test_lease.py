"""A claim ends by itself."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.model.lease import LEASE, ClaimedByAnother, Lease, NotClaimed, renew, take
from tests.unit.reporting.samples import NOW

HELD = Lease("li", "Li", NOW + timedelta(minutes=5))


def test_a_free_task_is_taken_for_the_whole_lease() -> None:
    assert take(None, "li", "Li", NOW) == Lease("li", "Li", NOW + LEASE)


def test_nobody_takes_what_another_holds_and_is_told_until_when() -> None:
    with pytest.raises(ClaimedByAnother, match="Li works on this until"):
        take(HELD, "wang", "Wang", NOW)


def test_a_lease_that_has_ended_is_taken_over() -> None:
    assert take(HELD, "wang", "Wang", HELD.until).subject == "wang"


def test_working_prolongs_the_lease_but_not_after_its_end() -> None:
    assert renew(HELD, "li", NOW).until == NOW + LEASE
    with pytest.raises(NotClaimed):
        renew(HELD, "li", HELD.until)
    with pytest.raises(ClaimedByAnother):
        renew(HELD, "wang", NOW)
    with pytest.raises(NotClaimed):
        renew(None, "li", NOW)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 45)), max_size=30))
def test_no_two_people_ever_hold_a_task_at_once(attempts: list[tuple[str, int]]) -> None:
    now, held = NOW, None
    for who, minutes in attempts:
        now += timedelta(minutes=minutes)
        before = held if held and held.runs(now) else None
        try:
            held = take(held, who, who, now)
        except ClaimedByAnother:
            assert before is not None and before.subject != who
        else:
            assert before is None or before.subject == who
