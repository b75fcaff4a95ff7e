"""Which days a close takes in, and within which days units are counted for tiers."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

# An operator may close a period that still runs (a contract that ends, a demonstration), never one far ahead by a slip.
FURTHEST_AHEAD: Final = timedelta(days=31)


def last_service_date(through: datetime, time_zone: str) -> date:
    """The last service date that a close through this instant takes in: the last day that had begun by the requester's clock.

    Midnight itself begins the next day, so a close through 1 November 00:00 takes in October and nothing of November.
    """
    return (through - timedelta(microseconds=1)).astimezone(ZoneInfo(time_zone)).date()


def tier_period(service_date: date) -> date:
    """The first day of the calendar month in which this day's units are counted."""
    return service_date.replace(day=1)


class PeriodState(Enum):
    """The states of a close. Work of a state is done only in that state, so it can be taken up again after a crash.

    rating: usage becomes lines of draft invoices · invoicing: drafts are numbered and posted · closed: all is seen
    """

    RATING = "rating"
    INVOICING = "invoicing"
    CLOSED = "closed"


NEXT_STATE: Final = {PeriodState.RATING: PeriodState.INVOICING, PeriodState.INVOICING: PeriodState.CLOSED}


@dataclass(frozen=True, slots=True)
class Period:
    """Everything closed through an instant that the period before (`after`) had not taken in."""

    id: UUID
    through: datetime
    after: datetime | None
    state: PeriodState
    begun_at: datetime
    closed_at: datetime | None
    trace_id: str
