"""The benchmark of the whole chain: each exam's time, stage by stage."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.bench.flow import stages
from tests.flow import Sent

BEGAN = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def test_the_stages_lead_from_the_senders_first_byte_to_the_charge_without_a_gap() -> None:
    sent = Sent("1.2.3", "qinghe", {}, BEGAN.timestamp(), after(0.5).timestamp(), exam_id="exam")
    times = {
        "exam.completed": {"exam": [after(0.75)]},
        "analysis.completed": {"exam": [after(1.75)]},
        "report.signed": {"exam": [after(3.75)]},
        # The analysis was charged before the report was signed.
        "usage.recorded": {"exam": [after(1.8), after(4.25)]},
    }
    found = stages([sent], times)
    assert list(found) == [
        "sent → acknowledged",
        "acknowledged → exam.completed",
        "exam.completed → analysis.completed",
        "analysis.completed → report.signed",
        "report.signed → usage.recorded",
    ]
    assert [one for seconds in found.values() for one in seconds] == pytest.approx([0.5, 0.25, 1.0, 2.0, 0.5], abs=1e-3)


def test_an_exam_that_never_got_through_is_in_no_later_stage() -> None:
    sent = Sent("1.2.3", "qinghe", {}, BEGAN.timestamp(), after(0.5).timestamp(), exam_id="exam")
    assert [len(seconds) for seconds in stages([sent], {}).values()] == [1, 0, 0, 0, 0]
