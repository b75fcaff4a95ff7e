"""Makes a signed version's documents and stores them, under keys that follow from report and version."""

import asyncio
import logging
import multiprocessing
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from sonobridge.ingest.v1 import events_pb2 as ingest_pb

from services.reporting.documents.job import Documents, Job, Picture, begin_worker, make
from services.reporting.model.content import Content
from services.reporting.store import KeyImage
from services.shared.errors import NotFound, Unavailable
from services.shared.objects import ObjectStore, Spool
from services.shared.tenancy import object_key, owner_of_key

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Published:
    """Where a signed version's documents are."""

    document_key: str
    document_digest_sha256: str
    sr_key: str
    encapsulated_key: str


class Workshop:
    """The processes that make documents, started with the first report."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._pool = self._new_pool()

    async def make(self, job: Job) -> Documents:
        """Make a job's documents. Raises Unavailable when the worker process died."""
        pool = self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, make, job)
        except BrokenProcessPool as error:
            if pool is self._pool:
                self._pool = self._new_pool()
            raise Unavailable("the process that makes documents died; sign again") from error

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _new_pool(self) -> ProcessPoolExecutor:
        # Spawned, not forked: this process has threads.
        return ProcessPoolExecutor(self._processes, multiprocessing.get_context("spawn"), begin_worker)


class Publisher:
    def __init__(self, objects: ObjectStore, workshop: Workshop, seal_dir: Path, fonts_dir: Path) -> None:
        self._objects = objects
        self._workshop = workshop
        self._seal_dir = seal_dir
        self._fonts_dir = fonts_dir

    async def publish(
        self, organisation_id: UUID, content: Content, exam: ingest_pb.Exam, key_image: KeyImage | None
    ) -> Published:
        """Make and store the documents of one version; doing it again before the version is committed is harmless.

        Raises Unavailable when the worker process died, StorageFull.
        """
        async with self._picture(organisation_id, exam, key_image) as picture:
            job = Job(content, exam.SerializeToString(), picture, self._seal_dir, self._fonts_dir)
            made = await self._workshop.make(job)
        if made.picture_error:
            _log.warning("report %s has no key image: %s", content.report_id, made.picture_error)
        folder = ("reports", content.report_id)
        published = Published(
            document_key=object_key(organisation_id, *folder, f"{content.version}.pdf"),
            document_digest_sha256=sha256(made.pdf).hexdigest(),
            sr_key=object_key(organisation_id, *folder, f"{content.version}.sr.dcm"),
            encapsulated_key=object_key(organisation_id, *folder, f"{content.version}.pdf.dcm"),
        )
        await self._objects.put(published.document_key, made.pdf)
        await self._objects.put(published.sr_key, made.sr)
        await self._objects.put(published.encapsulated_key, made.encapsulated)
        return published

    @asynccontextmanager
    async def _picture(
        self, organisation_id: UUID, exam: ingest_pb.Exam, key_image: KeyImage | None
    ) -> AsyncIterator[Picture | None]:
        """The key image's instance as a temporary file; None where the exam has no picture."""
        chosen = _chosen(exam, key_image)
        if chosen is None:
            yield None
            return
        instance, frame = chosen
        if owner_of_key(instance.object_key) != organisation_id:
            raise NotFound()
        spool = self._objects.spool()
        try:
            yield await self._fetched(spool, instance, frame)
        finally:
            spool.discard()

    async def _fetched(self, spool: Spool, instance: ingest_pb.InstanceReference, frame: int) -> Picture | None:
        try:
            async for chunk in self._objects.stream(instance.object_key):
                spool.write(chunk)
        except NotFound:
            _log.error("the instance %s is not in the object store", instance.sop_instance_uid)
            return None
        spool.flush()
        return Picture(spool.path, instance.sop_instance_uid, frame)


def _chosen(exam: ingest_pb.Exam, key_image: KeyImage | None) -> tuple[ingest_pb.InstanceReference, int] | None:
    """The instance and frame that the analysis names, else the first picture of the exam."""
    if key_image is not None:
        for instance in exam.instances:
            if instance.sop_instance_uid == key_image.sop_instance_uid:
                return instance, key_image.frame
    pictures = [one for one in exam.instances if one.number_of_frames > 0]
    return (min(pictures, key=lambda one: one.instance_number), 1) if pictures else None
