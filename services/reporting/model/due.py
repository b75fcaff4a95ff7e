"""When a report is due."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

# Where the agreement names no time for the exam's priority, its routine time holds; without that, one day.
DEFAULT_TURNAROUND = timedelta(hours=24)
ROUTINE = "ROUTINE"
SOON = timedelta(hours=1)


class Bucket(StrEnum):
    """How near an open report's due time is."""

    OVERDUE = "overdue"
    WITHIN_HOUR = "within_1h"
    LATER = "later"


def due_at(first_completed_at: datetime, priority: str, turnarounds: Mapping[str, timedelta]) -> datetime:
    """First completion plus the agreement's turnaround for the priority."""
    allowed = turnarounds.get(priority) or turnarounds.get(ROUTINE) or DEFAULT_TURNAROUND
    return first_completed_at + allowed


def bucket(due: datetime, now: datetime) -> Bucket:
    """The bucket of an open report."""
    if due < now:
        return Bucket.OVERDUE
    return Bucket.WITHIN_HOUR if due - now <= SOON else Bucket.LATER
