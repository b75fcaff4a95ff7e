"""Keeps the gauges of open reports by due time fed."""

import asyncio
import logging

from services.reporting import metrics
from services.reporting.model.due import SOON, Bucket
from services.shared.clock import Clock
from services.shared.db import Database
from services.shared.errors import Unavailable

_log = logging.getLogger(__name__)
_EVERY_SECONDS = 5.0


class Watch:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Count until `stop`."""
        while not stop.is_set():
            try:
                await self.count()
            except Unavailable as error:
                _log.warning("open reports are not counted: %s", error)
            waiting = asyncio.create_task(stop.wait())
            await asyncio.wait({waiting}, timeout=_EVERY_SECONDS)
            waiting.cancel()

    async def count(self) -> None:
        """Count open reports once, over all hospitals."""
        now = self._clock.now()
        async with self._db.work("overdue") as tx:
            row = await tx.one("open_by_due", now=now, soon=now + SOON)
        for bucket in Bucket:
            metrics.OPEN_REPORTS.labels(bucket).set(row[bucket] if row else 0)
