"""Takes interrupted closes up again, and keeps the gauges fed."""

import asyncio
import contextlib
import logging

from services.billing import metrics
from services.billing.service.closing import Closer
from services.billing.store.usage import open_summary
from services.shared.clock import Clock
from services.shared.db import Database
from services.shared.errors import Unavailable

_log = logging.getLogger(__name__)
_PAUSE_SECONDS = 15


class Upkeep:
    """Runs beside the servers."""

    def __init__(self, db: Database, closer: Closer, clock: Clock) -> None:
        self._db, self._closer, self._clock = db, closer, clock

    async def run(self, stop: asyncio.Event) -> None:
        """Every few seconds until `stop`; a part that is away only makes it wait for the next turn."""
        while not stop.is_set():
            try:
                await self._closer.resume()
                await self._measure()
            except Unavailable as error:
                _log.warning("upkeep waits: %s", error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _PAUSE_SECONDS)

    async def _measure(self) -> None:
        async with self._db.work("close") as tx:
            records, earliest = await open_summary(tx)
        metrics.OPEN_USAGE.set(records)
        metrics.OPEN_USAGE_DAYS.set((self._clock.now().date() - earliest).days if earliest else 0)
