"""How reports are made: turnaround against due time, and what experts make of the models' findings."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.shared.clock import Clock
from services.shared.db import Database
from services.shared.tenancy import Principal


@dataclass(frozen=True)
class Figures:
    """Rows as the queries give them, of reports that the caller's hospital reads or asked for."""

    since: datetime
    until: datetime
    turnaround: list[dict[str, Any]]
    findings: list[dict[str, Any]]


class Quality:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def figures(self, principal: Principal, days: int) -> Figures:
        """The figures of the last `days` days."""
        now = self._clock.now()
        since = now - timedelta(days=days)
        async with self._db.tenant(principal.organisation_id) as tx:
            turnaround = await tx.all("quality_turnaround", since=since, now=now)
            findings = await tx.all("quality_findings", since=since)
        return Figures(since, now, turnaround, findings)
