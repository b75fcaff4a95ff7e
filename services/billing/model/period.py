"""Which days a close takes in, and within which days units are counted for tiers."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

# An operator may close a period that still runs (a contract that ends, a demonstration), never one far ahead by a slip.
FURTHEST_AHEAD = timedelta(days=31)


def last_service_date(through: datetime, time_zone: str) -> date:
    """The last service date that a close through this instant takes in: the last day that had begun by the requester's clock.

    Midnight itself begins the next day, so a close through 1 November 00:00 takes in October and nothing of November.
    """
    return (through - timedelta(microseconds=1)).astimezone(ZoneInfo(time_zone)).date()


def tier_period(service_date: date) -> date:
    """The first day of the calendar month in which this day's units are counted."""
    return service_date.replace(day=1)
