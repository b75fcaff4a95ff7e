"""Taking an instance in: read, compare, store durably, index. Only then is it acknowledged."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from services.ingest import metrics, store
from services.ingest.dicom import errors as faults
from services.ingest.dicom.inspection import Inspection, identity_of, inspect
from services.ingest.model import refusals
from services.ingest.model.exam import AMENDMENT_QUIET, State, crossing, local_date, text
from services.ingest.model.refusals import Reason, Refused
from services.ingest.service.directory import Directory, Organisation
from services.ingest.workers import WorkerDied, Workers
from services.shared import crash, telemetry
from services.shared.clock import Clock
from services.shared.db import Database
from services.shared.errors import NotFound, StorageFull
from services.shared.objects import ObjectStore, Spool, storage_error
from services.shared.tenancy import object_key

_COPY_BYTES = 1 << 20
_REASONS: tuple[tuple[type[faults.Unreadable], Reason], ...] = (
    (faults.NotDicom, refusals.NOT_DICOM),
    (faults.Truncated, refusals.TRUNCATED),
    (faults.UnsupportedSyntax, refusals.UNSUPPORTED_SYNTAX),
    (faults.TooLong, refusals.TOO_LARGE),
    (faults.Unreadable, refusals.MALFORMED),
)


@dataclass(frozen=True)
class Sender:
    """Who sends, how, and what the request itself already says about the instance."""

    organisation_id: UUID
    protocol: str  # stow, c_store, upload, derived
    name: str
    study_instance_uid: str = ""
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    exam_id: UUID | None = None  # the platform's own: the exam it writes into


@dataclass(frozen=True)
class Stored:
    """An instance that is durable. `new` is False when it was there already."""

    exam_id: UUID
    study_instance_uid: str
    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    new: bool


class Receiver:
    """Takes instances in, from whatever protocol."""

    def __init__(
        self,
        db: Database,
        objects: ObjectStore,
        workers: Workers,
        directory: Directory,
        clock: Clock,
        ids: Callable[[], UUID],
        max_instance_bytes: int,
    ) -> None:
        self._db, self._objects, self._workers, self._directory = db, objects, workers, directory
        self._clock, self._ids, self.max_instance_bytes = clock, ids, max_instance_bytes
        # Those of one exam wait here, not each with a connection in its hand.
        self._turns: WeakValueDictionary[tuple[UUID, str], asyncio.Lock] = WeakValueDictionary()

    def spool(self) -> Spool:
        """A file to receive into. Raises StorageFull."""
        return self._objects.spool()

    async def accept(self, spool: Spool, sender: Sender) -> Stored:
        """Store what was received. Raises Refused (recorded), StorageFull or Unavailable. The spool is used up."""
        started = time.perf_counter()
        metrics.RECEIVED.labels(sender.protocol).inc()
        metrics.RECEIVED_BYTES.labels(sender.protocol).inc(spool.size_bytes)
        try:
            stored = await self._accept(spool, sender)
        except Refused as refused:
            await self.refuse(refused, sender)
            raise
        except StorageFull:
            metrics.REFUSED.labels(sender.protocol, refusals.STORAGE_FULL.code).inc()
            raise
        finally:
            spool.discard()
        (metrics.STORED if stored.new else metrics.SAME).labels(sender.protocol).inc()
        metrics.STORE_SECONDS.labels(sender.protocol).observe(time.perf_counter() - started)
        crash.point("ingest.acknowledge")
        return stored

    async def refuse(self, refused: Refused, sender: Sender) -> None:
        """Record that an instance was refused, so that the clinic sees it."""
        metrics.REFUSED.labels(sender.protocol, refused.reason.code).inc()
        refused.study_instance_uid = refused.study_instance_uid or sender.study_instance_uid
        refused.sop_instance_uid = refused.sop_instance_uid or sender.sop_instance_uid
        refused.sop_class_uid = refused.sop_class_uid or sender.sop_class_uid
        async with self._db.tenant(sender.organisation_id) as tx:
            await store.add_refusal(
                tx, sender.organisation_id, self._ids(), refused, sender.protocol, sender.name, self._clock.now()
            )

    async def _accept(self, spool: Spool, sender: Sender) -> Stored:
        if spool.size_bytes > self.max_instance_bytes:
            spool.flush()
            found = await self._workers.run(identity_of, str(spool.path))
            raise _refused(refusals.TOO_LARGE, f"the instance has more than {self.max_instance_bytes} bytes", found)
        inspection = await self._inspect(spool)
        try:
            _check_request(inspection, sender)
            return await self._store(spool, inspection, sender)
        finally:
            if inspection.inflated:
                Path(inspection.inflated).unlink(missing_ok=True)

    async def _inspect(self, spool: Spool) -> Inspection:
        spool.flush()
        try:
            return await self._workers.run(inspect, str(spool.path), self.max_instance_bytes)
        except faults.Unreadable as error:
            reason = next(reason for kind, reason in _REASONS if isinstance(error, kind))
            raise _refused(reason, str(error), error.identity) from error
        except OSError as error:
            raise storage_error(error) from error
        except WorkerDied as error:
            raise Refused(refusals.MALFORMED, "the file makes its reader die") from error

    async def _store(self, spool: Spool, inspection: Inspection, sender: Sender) -> Stored:
        owner = sender.organisation_id
        name = str(self._ids())
        key = object_key(owner, "instances", name[:2], name[2:4], f"{name}.dcm")
        frames_key = f"{key}.inflated" if inspection.inflated else key
        async with self._db.tenant(owner) as tx:
            there = await tx.one(
                "prepare_instance",
                organisation_id=owner,
                sop_instance_uid=inspection.sop_instance_uid,
                study_instance_uid=inspection.study_instance_uid,
                object_keys=sorted({key, frames_key}),
            )
        if there and there["dataset_digest"] is not None:
            return _known(inspection, there)
        begins = sender.exam_id is None and not (there and there["exam_is_known"])
        crash.point("ingest.noted")
        if inspection.inflated:
            await self._commit_inflated(Path(inspection.inflated), frames_key)
        await self._objects.commit(spool, key)
        crash.point("ingest.stored")
        new = store.NewInstance(
            inspection, spool.digest_sha256, key, frames_key, sender.exam_id is not None, self._clock.now()
        )
        turn = self._turns.setdefault((owner, inspection.study_instance_uid), asyncio.Lock())
        try:
            async with turn:
                stored = await self._index(new, sender, begins)
        except Refused:
            await self._drop(owner, [key, frames_key])
            raise
        crash.point("ingest.committed")
        if not stored.new:
            await self._drop(owner, [key, frames_key])
        return stored

    async def _index(self, new: store.NewInstance, sender: Sender, begins: bool) -> Stored:
        """The rows of the instance, in one transaction that begins by locking its exam."""
        owner, inspection = sender.organisation_id, new.inspection
        hospital = await self._directory.organisation(owner)
        beginning = await self._beginning(new, hospital) if begins else None
        async with self._db.tenant(owner) as tx:
            if beginning is not None:
                await store.add_exam(tx, owner, self._ids(), new, beginning, telemetry.trace_id())
            exam = await store.lock_study(tx, owner, inspection.study_instance_uid)
            if exam is None or (sender.exam_id is not None and exam.id != sender.exam_id):
                raise NotFound("there is no such exam with this study")
            telemetry.link_trace(exam.trace_id)
            quiet = hospital.quiet if exam.state is State.RECEIVING else AMENDMENT_QUIET
            if not await store.add_instance(tx, exam, new, new.received_at + quiet):
                there = await tx.one(
                    "find_instance", organisation_id=owner, sop_instance_uid=inspection.sop_instance_uid
                )
                if there is None:
                    raise RuntimeError("an instance's UID is taken, yet nobody has it")
                return _known(inspection, there)
        return _stored(exam.id, inspection, new=True)

    async def _beginning(self, new: store.NewInstance, hospital: Organisation) -> store.Beginning:
        """Where a new exam stands on its first day."""
        metadata = new.inspection.metadata
        day = local_date(new.received_at, hospital.time_zone)
        modality, body_part = text(metadata, "00080060"), text(metadata, "00180015").upper()
        agreement = await self._directory.agreement(hospital.id, modality, body_part, day)
        return store.Beginning(day, crossing(agreement, None), agreement)

    async def _drop(self, owner: UUID, keys: list[str]) -> None:
        """Remove objects that got no instance, and their notes."""
        for key in keys:
            await self._objects.delete(key)
        async with self._db.tenant(owner) as tx:
            await tx.run("forget_objects", organisation_id=owner, object_keys=keys)

    async def _commit_inflated(self, path: Path, key: str) -> None:
        spool = self._objects.spool()

        def copy() -> None:
            with path.open("rb") as file:
                while chunk := file.read(_COPY_BYTES):
                    spool.write(chunk)

        try:
            await asyncio.to_thread(copy)
            await self._objects.commit(spool, key)
        finally:
            spool.discard()


def _refused(reason: Reason, detail: str, found: faults.Identity) -> Refused:
    return Refused(reason, detail, found.sop_class_uid, found.sop_instance_uid, found.study_instance_uid)


def _check_request(inspection: Inspection, sender: Sender) -> None:
    """Raises Refused when the request named another study or instance than the file is."""
    found = (inspection.sop_class_uid, inspection.sop_instance_uid, inspection.study_instance_uid)
    if sender.study_instance_uid not in ("", inspection.study_instance_uid):
        raise Refused(refusals.ANOTHER_STUDY, f"the instance is of study {inspection.study_instance_uid}", *found)
    if sender.sop_instance_uid not in ("", inspection.sop_instance_uid) or sender.sop_class_uid not in (
        "",
        inspection.sop_class_uid,
    ):
        raise Refused(refusals.ANOTHER_INSTANCE, f"the instance is {inspection.sop_instance_uid}", *found)


def _known(inspection: Inspection, there: dict[str, Any]) -> Stored:
    """The instance that is there already with the same dataset. Raises Refused if it is another one."""
    if (there["dataset_digest"], there["transfer_syntax_uid"]) != (
        inspection.dataset_digest,
        inspection.transfer_syntax_uid,
    ):
        raise Refused(
            refusals.ANOTHER_DATASET,
            f"another dataset is stored as {inspection.sop_instance_uid}",
            inspection.sop_class_uid,
            inspection.sop_instance_uid,
            inspection.study_instance_uid,
        )
    return _stored(there["exam_id"], inspection, new=False)


def _stored(exam_id: UUID, inspection: Inspection, new: bool) -> Stored:
    return Stored(
        exam_id,
        inspection.study_instance_uid,
        inspection.series_instance_uid,
        inspection.sop_class_uid,
        inspection.sop_instance_uid,
        new,
    )
