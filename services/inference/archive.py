"""The study's keeper: ingest stores what this service writes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from uuid import UUID

import grpc
from sonobridge.ingest.v1 import service_pb2 as pb
from sonobridge.ingest.v1.service_pb2_grpc import IngestServiceStub

from services.shared.errors import Conflict
from services.shared.grpc_server import Caller, raise_error

_log = logging.getLogger(__name__)
_CHUNK_BYTES = 512 * 1024
_SECONDS = 30.0


class Archive:
    """Stores documents in the exam's study."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._stub = IngestServiceStub(caller.channel)

    async def store(self, organisation_id: UUID, exam_id: UUID, document: bytes) -> None:
        """Store the DICOM file; again is the same. Raises Unavailable, or another of the platform's errors when it is refused."""
        metadata = await self._caller.metadata(organisation_id)
        try:
            await self._stub.StoreDerived(_chunks(exam_id, document), metadata=metadata, timeout=_SECONDS)
        except grpc.aio.AioRpcError as error:
            try:
                raise_error(error)
            except Conflict:
                # The UID derives from the analysis, so an earlier try stored this very result, if by another library version.
                _log.warning("the document was in the study already, in another wording")


def _chunks(exam_id: UUID, document: bytes) -> Iterator[pb.StoreDerivedRequest]:
    yield pb.StoreDerivedRequest(exam_id=str(exam_id), chunk=document[:_CHUNK_BYTES])
    for offset in range(_CHUNK_BYTES, len(document), _CHUNK_BYTES):
        yield pb.StoreDerivedRequest(chunk=document[offset : offset + _CHUNK_BYTES])
