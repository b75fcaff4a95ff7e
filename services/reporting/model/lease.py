"""A claim is a lease: it ends by itself, so that an exam never waits for somebody who went home."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.shared.errors import Conflict

LEASE = timedelta(minutes=30)


@dataclass(frozen=True)
class Lease:
    """Who works on a task, and until when unless renewed."""

    subject: str
    display_name: str
    until: datetime

    def runs(self, now: datetime) -> bool:
        return now < self.until


class ClaimedByAnother(Conflict):
    """Another expert is working on this."""

    def __init__(self, lease: Lease) -> None:
        super().__init__(
            f"{lease.display_name} works on this until {lease.until.isoformat(timespec='seconds')}; "
            "it can be taken over once that lease has ended",
            claimed_by=lease.display_name,
            until=lease.until.isoformat(),
        )


class NotClaimed(Conflict):
    """Claim the task first."""

    def __init__(self) -> None:
        super().__init__("you do not hold this task, or your lease has ended: claim it (again) first")


def take(held: Lease | None, subject: str, display_name: str, now: datetime) -> Lease:
    """A new or renewed lease for `subject`. Raises ClaimedByAnother while somebody else's runs."""
    if held is not None and held.runs(now) and held.subject != subject:
        raise ClaimedByAnother(held)
    return Lease(subject, display_name, now + LEASE)


def renew(held: Lease | None, subject: str, now: datetime) -> Lease:
    """The holder's lease, prolonged: whoever works keeps the task. Raises ClaimedByAnother or NotClaimed."""
    if held is not None and held.runs(now) and held.subject != subject:
        raise ClaimedByAnother(held)
    if held is None or held.subject != subject or not held.runs(now):
        raise NotClaimed
    return Lease(held.subject, held.display_name, now + LEASE)
