"""Work that nobody asks for: exams that fell quiet, objects and uploads that were left behind."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from services.ingest import metrics
from services.ingest.service.exams import Exams
from services.ingest.service.uploads import Uploads
from services.shared.clock import Clock
from services.shared.db import Database
from services.shared.errors import Unavailable
from services.shared.objects import ObjectStore

_log = logging.getLogger(__name__)

_SWEEP_SECONDS = 1.0
_TIDY_SECONDS = 60.0
_BATCH = 100
# An object is noted just before it is put; what has no instance after this long never gets one.
_ORPHAN_AGE = timedelta(hours=1)
_SPOOL_AGE_SECONDS = 24 * 3600


class Housekeeper:
    """Two loops; both wait while PostgreSQL is away."""

    def __init__(
        self, db: Database, objects: ObjectStore, exams: Exams, uploads: Uploads, clock: Clock, spool: Path
    ) -> None:
        self._db, self._objects, self._exams, self._uploads = db, objects, exams, uploads
        self._clock, self._spool = clock, spool

    async def settle(self, stop: asyncio.Event) -> None:
        """Complete and amend what is due, every second."""
        while not stop.is_set():
            found = 0
            with _while_away("the sweep waits"):
                due = await self._exams.due(_BATCH)
                found = len(due)
                for organisation_id, exam_id in due:
                    await self._exams.settle_due(organisation_id, exam_id)
            if found < _BATCH:
                await _pause(stop, _SWEEP_SECONDS)

    async def tidy(self, stop: asyncio.Event) -> None:
        """Delete what was left behind, every minute."""
        while not stop.is_set():
            with _while_away("tidying waits"):
                await self.delete_orphans(_ORPHAN_AGE)
                for organisation_id, upload_id in await self._uploads.expired(_BATCH):
                    await self._uploads.forget(organisation_id, upload_id)
            await asyncio.to_thread(self._forget_spools)
            await _pause(stop, _TIDY_SECONDS)

    async def delete_orphans(self, age: timedelta) -> int:
        """Delete objects that were put, or about to be, and got no instance; how many."""
        async with self._db.work("completion") as tx:
            rows = await tx.all("find_pending_objects", before=self._clock.now() - age, limit=_BATCH)
        deleted = 0
        for row in rows:
            deleted += await self._delete_orphan(row["organisation_id"], row["object_key"])
        return deleted

    async def _delete_orphan(self, owner: UUID, key: str) -> bool:
        async with self._db.tenant(owner) as tx:
            if not await tx.run("take_pending_object", organisation_id=owner, object_key=key):
                return False
            used = await tx.one("object_is_used", organisation_id=owner, object_key=key)
            if used and used["used"]:
                return False
            # Before the commit: a process killed here finds the note again.
            await self._objects.delete(key)
        metrics.ORPHANS.inc()
        return True

    def _forget_spools(self) -> None:
        """Files of processes that were killed while they received."""
        for path in self._spool.glob("*.part"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _SPOOL_AGE_SECONDS:
                    path.unlink()


@contextlib.contextmanager
def _while_away(what: str) -> Iterator[None]:
    try:
        yield
    except Unavailable as error:
        _log.warning("%s: %s", what, error)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
