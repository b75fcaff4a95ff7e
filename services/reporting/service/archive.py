"""What is read: tasks' status, drafts for the reader, signed reports for both hospitals."""

from dataclasses import dataclass
from uuid import UUID

from sonobridge.ingest.v1 import events_pb2 as ingest_pb

from services.reporting import store
from services.reporting.store import Listed, Report, Task, Version
from services.shared.db import Database
from services.shared.directory_copy import DirectoryCopy
from services.shared.errors import NotFound
from services.shared.objects import ObjectStore
from services.shared.tenancy import Principal

# Of the requester and of the reader alike: which reports and drafts each sees is for row level security to say.
ROLES = ("clinic_staff", "quality_manager", "expert")


@dataclass(frozen=True)
class Opened:
    """A report as its caller may see it: with the working copy for the reader, signed versions alone for the requester."""

    task: Task
    working: Report | None
    versions: list[Version]


class Archive:
    def __init__(self, db: Database, directory: DirectoryCopy, objects: ObjectStore) -> None:
        self._db = db
        self._directory = directory
        self._objects = objects

    async def task(self, principal: Principal, *, task_id: UUID | None = None, exam_id: UUID | None = None) -> Listed:
        """A task's status, for its requester and its reader. Raises NotFound."""
        principal.require(*ROLES)
        async with self._db.tenant(principal.organisation_id) as tx:
            found = await store.listed(tx, task_id=task_id, exam_id=exam_id)
        if found is None:
            raise NotFound()
        return found

    async def report(self, principal: Principal, report_id: UUID) -> Opened:
        """A report. Raises NotFound; for the requester also until it is signed."""
        principal.require(*ROLES)
        async with self._db.tenant(principal.organisation_id) as tx:
            found = await store.listed(tx, report_id=report_id)
            working = await store.report(tx, report_id)
            versions = await store.versions(tx, report_id)
        if found is None or (working is None and not versions):
            raise NotFound()
        return Opened(found.task, working, versions)

    async def signed(
        self,
        principal: Principal,
        *,
        exam_id: UUID | None = None,
        study_instance_uid: str | None = None,
        report_id: UUID | None = None,
    ) -> list[Version]:
        """The latest signed version of each report that matches, for its requester and its reader."""
        principal.require(*ROLES)
        async with self._db.tenant(principal.organisation_id) as tx:
            return await store.latest_versions(
                tx, exam_id=exam_id, study_instance_uid=study_instance_uid, report_id=report_id
            )

    async def exam(self, principal: Principal, exam_id: UUID) -> tuple[ingest_pb.Exam, Version]:
        """An exam and its latest signed report. Raises NotFound while nothing is signed."""
        principal.require(*ROLES)
        async with self._db.tenant(principal.organisation_id) as tx:
            message = await store.exam_message(tx, exam_id)
            versions = await store.latest_versions(tx, exam_id=exam_id)
        if message is None or not versions:
            raise NotFound()
        return message, versions[0]

    async def document(
        self, principal: Principal, report_id: UUID, kind: str, version: int | None
    ) -> tuple[bytes, Version]:
        """The signed PDF (`pdf`) or the SR (`sr`) of a version, the latest unless one is named. Raises NotFound."""
        principal.require(*ROLES)
        async with self._db.tenant(principal.organisation_id) as tx:
            versions = await store.versions(tx, report_id)
        wanted = [one for one in versions if version in (None, one.content.version)]
        if not wanted:
            raise NotFound()
        found = wanted[-1]
        return await self._objects.get(found.document_key if kind == "pdf" else found.sr_key), found

    async def names(self, organisation_ids: set[UUID]) -> dict[UUID, tuple[str, str]]:
        """The Chinese and English names of hospitals."""
        found = {one: await self._directory.organisation(one) for one in organisation_ids}
        return {key: (value.name_zh, value.name_en) if value else ("", "") for key, value in found.items()}
