"""The outbox: an event is written beside its state change, and one relay per schema sends it on."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from psycopg.types.json import Jsonb

from services.shared import crash, telemetry
from services.shared.clock import Clock, uuid7
from services.shared.db import Database, Transaction
from services.shared.errors import Unavailable
from services.shared.events import Event
from services.shared.kafka import Producer, Record

_log = logging.getLogger(__name__)
_BATCH = 200
_IDLE_SECONDS = 0.2
_KEEP_SENT = timedelta(days=7)


class Outbox:
    """Puts a service's events into its outbox."""

    def __init__(self, service: str, topic: str, clock: Clock, ids: Callable[[], UUID] = uuid7) -> None:
        self._source = f"/sonobridge/{service}"
        self._topic = topic
        self._clock = clock
        self._ids = ids
        self.wake = asyncio.Event()

    async def publish(
        self,
        tx: Transaction,
        type: str,
        key: str,
        organisation_id: UUID,
        body: Message,
        event_id: UUID | None = None,
        traceparent: str | None = None,
    ) -> Event:
        """Write an event into `tx`; it goes out after the commit. `traceparent` defaults to the current span's."""
        event = Event(
            id=event_id or self._ids(),
            type=type,
            source=self._source,
            key=key,
            organisation_id=organisation_id,
            time=self._clock.now(),
            body=body.SerializeToString(),
            traceparent=telemetry.traceparent() if traceparent is None else traceparent,
        )
        await tx.run(
            "insert_outbox",
            event_id=event.id,
            organisation_id=organisation_id,
            topic=self._topic,
            key=key,
            headers=Jsonb(event.headers()),
            body=event.body,
        )
        self.wake.set()
        return event


class Relay:
    """Sends what is not yet marked sent, in order, until the broker has acknowledged it."""

    def __init__(self, db: Database, producer: Producer, outbox: Outbox) -> None:
        self._db = db
        self._producer = producer
        self._wake = outbox.wake

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop`. A broker or database that is away makes it wait, never lose or reorder."""
        pause = _IDLE_SECONDS
        while not stop.is_set():
            try:
                sent = await self._send_batch()
                pause = _IDLE_SECONDS
            except Unavailable as error:
                _log.warning("the outbox waits: %s", error)
                sent, pause = 0, min(pause * 2, 5.0)
            if sent < _BATCH:
                self._wake.clear()
                await _first_of(stop.wait(), self._wake.wait(), timeout=pause)

    async def purge(self, stop: asyncio.Event) -> None:
        """Forget what was sent long ago, hourly, and keep the lag's gauges fed every few seconds."""
        turn = 0
        while not stop.is_set():
            try:
                async with self._db.work("relay") as tx:
                    lag = await tx.one("outbox_lag")
                    if turn % 720 == 0:
                        await tx.run("purge_outbox", age=_KEEP_SENT)
                if lag:
                    telemetry.OUTBOX_WAITING.set(lag["waiting"])
                    telemetry.OUTBOX_AGE.set(lag["oldest_seconds"])
            except Unavailable as error:
                _log.warning("the outbox's lag is not known: %s", error)
            turn += 1
            await _first_of(stop.wait(), timeout=5.0)

    async def _send_batch(self) -> int:
        async with self._db.work("relay") as tx:
            lock = await tx.one("try_relay_lock")
            if not lock or not lock["held"]:
                return 0
            rows = await tx.all("select_outbox", limit=_BATCH)
            if rows:
                await self._producer.send([_record(row) for row in rows])
                crash.point("relay.published")
                await tx.run("mark_outbox_sent", ids=[row["id"] for row in rows])
        if rows:
            crash.point("relay.marked")
        return len(rows)


def _record(row: dict[str, Any]) -> Record:
    return Record(topic=row["topic"], key=row["key"], headers=row["headers"], value=bytes(row["body"]))


async def _first_of(*waits: Coroutine[Any, Any, bool], timeout: float) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
