"""Due times."""

from datetime import timedelta

from services.reporting.model.due import DEFAULT_TURNAROUND, Bucket, bucket, due_at
from tests.unit.reporting.samples import NOW

TERMS = {"ROUTINE": timedelta(hours=4), "STAT": timedelta(minutes=30)}


def test_the_agreements_turnaround_for_the_priority_counts_from_first_completion() -> None:
    assert due_at(NOW, "STAT", TERMS) == NOW + timedelta(minutes=30)


def test_a_priority_without_terms_gets_the_routine_time_and_without_any_a_day() -> None:
    assert due_at(NOW, "URGENT", TERMS) == NOW + timedelta(hours=4)
    assert due_at(NOW, "URGENT", {}) == NOW + DEFAULT_TURNAROUND


def test_an_open_report_is_overdue_only_after_its_due_time() -> None:
    assert bucket(NOW, NOW) == Bucket.WITHIN_HOUR
    assert bucket(NOW, NOW + timedelta(seconds=1)) == Bucket.OVERDUE
    assert bucket(NOW + timedelta(hours=2), NOW) == Bucket.LATER
