"""Puts signed reports into their studies, later if ingest is away: a durable job."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import grpc
from sonobridge.ingest.v1 import service_pb2, service_pb2_grpc

from services.reporting import metrics, store
from services.reporting.store import Delivery
from services.shared import grpc_server, telemetry
from services.shared.clock import Clock
from services.shared.db import Database
from services.shared.errors import SonoBridgeError, Unavailable
from services.shared.objects import ObjectStore

_log = logging.getLogger(__name__)
_CHUNK_BYTES = 512 * 1024
_PATIENCE = timedelta(minutes=2)  # after this a delivery that was taken and not finished is taken again
_FIRST_PAUSE = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(minutes=10)
_IDLE_SECONDS = 1.0
_CALL_SECONDS = 60

# (organisation, exam, DICOM file) → done; raises SonoBridgeError when ingest does not take it.
Send = Callable[[UUID, UUID, bytes], Awaitable[None]]


def sender(caller: grpc_server.Caller) -> Send:
    """A sender that calls ingest's StoreDerived."""
    stub = service_pb2_grpc.IngestServiceStub(caller.channel)

    async def send(organisation_id: UUID, exam_id: UUID, data: bytes) -> None:
        async def chunks() -> AsyncIterator[service_pb2.StoreDerivedRequest]:
            for start in range(0, len(data), _CHUNK_BYTES):
                first = {"exam_id": str(exam_id)} if start == 0 else {}
                yield service_pb2.StoreDerivedRequest(chunk=data[start : start + _CHUNK_BYTES], **first)

        try:
            await stub.StoreDerived(chunks(), metadata=await caller.metadata(organisation_id), timeout=_CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            grpc_server.raise_error(error)

    return send


class Deliverer:
    def __init__(self, db: Database, objects: ObjectStore, send: Send, clock: Clock) -> None:
        self._db = db
        self._objects = objects
        self._send = send
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop`. What ingest does not take now is tried again, ever more seldom, and never given up."""
        while not stop.is_set():
            try:
                delivered = await self.deliver_one()
                await self._count()
            except Unavailable as error:
                _log.warning("deliveries wait: %s", error)
                delivered = False
            if not delivered:
                with_timeout = asyncio.create_task(stop.wait())
                await asyncio.wait({with_timeout}, timeout=_IDLE_SECONDS)
                with_timeout.cancel()

    async def deliver_one(self) -> bool:
        """Deliver what is due longest; False when nothing is due."""
        async with self._db.work("delivery") as tx:
            delivery = await store.take_delivery(tx, self._clock.now(), _PATIENCE)
        if delivery is None:
            return False
        try:
            with telemetry.span_in_trace("report.deliver", delivery.trace_id):
                data = await self._objects.get(delivery.object_key)
                await self._send(delivery.organisation_id, delivery.exam_id, data)
        except SonoBridgeError as error:
            await self._postpone(delivery, error)
            return True
        async with self._db.work("delivery") as tx:
            await store.finish_delivery(tx, delivery, self._clock.now())
        metrics.DELIVERIES.labels(delivery.kind, "stored").inc()
        return True

    async def _postpone(self, delivery: Delivery, error: SonoBridgeError) -> None:
        pause = min(_FIRST_PAUSE * 2 ** min(delivery.attempts, 20), _LONGEST_PAUSE)
        _log.warning("report %s %s is not in its study yet: %s", delivery.report_id, delivery.kind, error)
        async with self._db.work("delivery") as tx:
            await store.postpone_delivery(tx, delivery, self._clock.now() + pause, str(error))
        metrics.DELIVERIES.labels(delivery.kind, "postponed").inc()

    async def _count(self) -> None:
        async with self._db.work("delivery") as tx:
            row = await tx.one("count_deliveries")
        metrics.DELIVERIES_WAITING.set(row["waiting"] if row else 0)
