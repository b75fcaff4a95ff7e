"""Browser uploads that resume (tus 1.0): every piece is an object in the store before it is acknowledged."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.ingest.model.refusals import Refused
from services.ingest.service.receive import Receiver, Sender
from services.shared import crash
from services.shared.clock import Clock
from services.shared.db import Database
from services.shared.errors import Conflict, NotFound, TooLarge
from services.shared.objects import ObjectStore
from services.shared.tenancy import Principal, object_key

KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Upload:
    """An upload as it stands."""

    id: UUID
    subject: str
    file_name: str
    length_bytes: int
    offset_bytes: int
    piece_keys: list[str]
    metadata: str
    expires_at: datetime
    finished: bool
    outcome: dict[str, Any] | None


class Uploads:
    """Begins, continues and finishes uploads. An upload belongs to one organisation and to the person who began it."""

    def __init__(
        self, db: Database, objects: ObjectStore, receiver: Receiver, clock: Clock, ids: Callable[[], UUID]
    ) -> None:
        self._db, self._objects, self._receiver, self._clock, self._ids = db, objects, receiver, clock, ids

    @property
    def max_bytes(self) -> int:
        return self._receiver.max_instance_bytes

    async def begin(self, caller: Principal, length_bytes: int, file_name: str, metadata: str) -> UUID:
        """A new upload's id. Raises TooLarge."""
        if length_bytes > self.max_bytes:
            raise TooLarge(f"a file has at most {self.max_bytes} bytes")
        upload_id = self._ids()
        async with self._db.tenant(caller.organisation_id) as tx:
            await tx.run(
                "insert_upload",
                organisation_id=caller.organisation_id,
                id=upload_id,
                subject=caller.subject,
                file_name=file_name,
                length_bytes=length_bytes,
                metadata=metadata,
                expires_at=self._clock.now() + KEPT,
            )
        return upload_id

    async def read(self, caller: Principal, upload_id: UUID) -> Upload:
        """Raises NotFound, for somebody else's too."""
        async with self._db.tenant(caller.organisation_id) as tx:
            row = await tx.one(
                "read_upload", organisation_id=caller.organisation_id, id=upload_id, now=self._clock.now()
            )
        if row is None or row["subject"] != caller.subject:
            raise NotFound("there is no such upload; begin it again")
        return Upload(**row)

    async def state(self, caller: Principal, upload_id: UUID) -> Upload:
        """How far the upload is. One that is whole but was cut off before it was taken in is taken in now.

        Raises NotFound, and Refused when the file was refused.
        """
        upload = await self.read(caller, upload_id)
        if upload.offset_bytes == upload.length_bytes and not upload.finished:
            await self._finish(caller, upload)
        return upload

    async def append(self, caller: Principal, upload_id: UUID, offset_bytes: int, body: AsyncIterator[bytes]) -> Upload:
        """Add what `body` brings, even if it breaks off; when the file is whole, take it in.

        Raises Conflict when the offset is not where the upload stands, Refused when the whole file was refused.
        """
        upload = await self.read(caller, upload_id)
        if upload.finished or upload.offset_bytes != offset_bytes:
            raise Conflict(f"the upload stands at byte {upload.offset_bytes}", offset=upload.offset_bytes)
        key = object_key(caller.organisation_id, "uploads", str(upload_id), str(self._ids()))
        spool = self._objects.spool()
        try:
            broken: Exception | None = None
            try:
                async for chunk in body:
                    if offset_bytes + spool.size_bytes + len(chunk) > upload.length_bytes:
                        raise TooLarge("more bytes came than the upload said it has")
                    spool.write(chunk)
            except ConnectionError as error:
                broken = error
            if spool.size_bytes:
                await self._keep_piece(caller.organisation_id, upload, key, spool)
            if broken is not None:
                raise broken
        finally:
            spool.discard()
        upload = await self.read(caller, upload_id)
        if upload.offset_bytes == upload.length_bytes:
            await self._finish(caller, upload)
        return upload

    async def delete(self, caller: Principal, upload_id: UUID) -> None:
        """Forget the upload. Raises NotFound."""
        await self.read(caller, upload_id)
        await self.forget(caller.organisation_id, upload_id)

    async def forget(self, organisation_id: UUID, upload_id: UUID) -> None:
        """Remove an upload and its pieces; harmless when it is gone."""
        async with self._db.tenant(organisation_id) as tx:
            row = await tx.one("delete_upload", organisation_id=organisation_id, id=upload_id)
            for key in row["piece_keys"] if row else []:
                await tx.run("note_object", organisation_id=organisation_id, object_key=key)
        for key in row["piece_keys"] if row else []:
            await self._remove(organisation_id, key)

    async def expired(self, limit: int) -> list[tuple[UUID, UUID]]:
        """(organisation, upload) of those nobody went on with, of all organisations."""
        async with self._db.work("completion") as tx:
            rows = await tx.all("find_expired_uploads", now=self._clock.now(), limit=limit)
        return [(row["organisation_id"], row["id"]) for row in rows]

    async def _keep_piece(self, owner: UUID, upload: Upload, key: str, spool: Any) -> None:
        async with self._db.tenant(owner) as tx:
            await tx.run("note_object", organisation_id=owner, object_key=key)
        await self._objects.commit(spool, key)
        crash.point("ingest.upload_stored")
        async with self._db.tenant(owner) as tx:
            kept = await tx.run(
                "append_upload",
                organisation_id=owner,
                id=upload.id,
                size_bytes=spool.size_bytes,
                object_key=key,
                offset_bytes=upload.offset_bytes,
            )
            if kept:
                await tx.run("forget_objects", organisation_id=owner, object_keys=[key])
        if not kept:
            await self._remove(owner, key)
            raise Conflict("another request went on with this upload; ask where it stands")

    async def _finish(self, caller: Principal, upload: Upload) -> None:
        """Put the pieces together and take the file in; what became of it is kept with the upload."""
        spool = self._receiver.spool()
        try:
            for key in upload.piece_keys:
                async for chunk in self._objects.stream(key):
                    spool.write(chunk)
        except BaseException:
            spool.discard()
            raise
        refused: Refused | None = None
        try:
            stored = await self._receiver.accept(spool, Sender(caller.organisation_id, "upload", caller.username))
            outcome: dict[str, Any] = {"exam_id": str(stored.exam_id), "sop_instance_uid": stored.sop_instance_uid}
        except Refused as error:
            refused, outcome = error, {"refused": error.reason.code, "detail": str(error)}
        async with self._db.tenant(caller.organisation_id) as tx:
            for key in upload.piece_keys:
                await tx.run("note_object", organisation_id=caller.organisation_id, object_key=key)
            await tx.run("finish_upload", organisation_id=caller.organisation_id, id=upload.id, outcome=Jsonb(outcome))
        for key in upload.piece_keys:
            await self._remove(caller.organisation_id, key)
        if refused is not None:
            raise refused

    async def _remove(self, owner: UUID, key: str) -> None:
        await self._objects.delete(key)
        async with self._db.tenant(owner) as tx:
            await tx.run("forget_objects", organisation_id=owner, object_keys=[key])
