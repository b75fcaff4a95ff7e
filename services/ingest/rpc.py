"""gRPC for the other services: decode, call the use case, encode."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import grpc
from sonobridge.ingest.v1 import service_pb2 as pb
from sonobridge.ingest.v1 import service_pb2_grpc

from services.ingest import store
from services.ingest.model import refusals
from services.ingest.model.refusals import Refused
from services.ingest.service.exams import Exams
from services.ingest.service.receive import Receiver, Sender
from services.ingest.service.retrieve import Retriever
from services.shared import grpc_server
from services.shared.errors import Conflict, Invalid, Malformed, NotFound, TooLarge

_NAME = "sonobridge.ingest.v1.IngestService"
_CHUNK_BYTES = 1 << 20


class IngestService(service_pb2_grpc.IngestServiceServicer):
    """What inference and reporting ask of ingest. Only a platform service writes."""

    def __init__(self, receiver: Receiver, exams: Exams, retriever: Retriever) -> None:
        self._receiver, self._exams, self._retriever = receiver, exams, retriever

    async def StoreDerived(
        self, requests: AsyncIterator[pb.StoreDerivedRequest], context: Any
    ) -> pb.StoreDerivedResponse:
        caller = grpc_server.principal()
        if not caller.service:
            raise NotFound("there is no such exam")
        spool = self._receiver.spool()
        exam_id: UUID | None = None
        try:
            async for request in requests:
                exam_id = exam_id or _uuid(request.exam_id)
                spool.write(request.chunk)
                if spool.size_bytes > self._receiver.max_instance_bytes:
                    raise TooLarge(refusals.TOO_LARGE.advice)
        except BaseException:
            spool.discard()
            raise
        if exam_id is None:
            spool.discard()
            raise Malformed("the stream is empty")
        exam = await self._own(exam_id, spool)
        sender = Sender(caller.organisation_id, "derived", caller.username, exam, exam_id=exam_id)
        try:
            stored = await self._receiver.accept(spool, sender)
        except Refused as refused:
            kind = Conflict if refused.reason is refusals.ANOTHER_DATASET else Invalid
            raise kind(str(refused), reason=refused.reason.code) from refused
        row = await self._retriever.reference(caller.organisation_id, exam_id, stored.sop_instance_uid)
        return pb.StoreDerivedResponse(instance=store.reference(row))

    async def GetExam(self, request: pb.GetExamRequest, context: Any) -> pb.GetExamResponse:
        caller = grpc_server.principal()
        return pb.GetExamResponse(exam=await self._exams.message(caller.organisation_id, _uuid(request.exam_id)))

    async def ReadInstance(
        self, request: pb.ReadInstanceRequest, context: Any
    ) -> AsyncIterator[pb.ReadInstanceResponse]:
        caller = grpc_server.principal()
        row = await self._retriever.reference(caller.organisation_id, _uuid(request.exam_id), request.sop_instance_uid)
        async for chunk in self._retriever.bytes_of(row["object_key"]):
            for start in range(0, len(chunk), _CHUNK_BYTES):
                yield pb.ReadInstanceResponse(chunk=chunk[start : start + _CHUNK_BYTES])

    async def _own(self, exam_id: UUID, spool: Any) -> str:
        """The study of the tenant's own exam. Raises NotFound."""
        caller = grpc_server.principal()
        try:
            exam = await self._exams.read(caller.organisation_id, exam_id)
            if exam.organisation_id != caller.organisation_id:
                raise NotFound("there is no such exam")
        except BaseException:
            spool.discard()
            raise
        return exam.study_instance_uid


def register(service: IngestService) -> Any:
    """What the server's builder calls."""

    def add(server: grpc.aio.Server) -> list[str]:
        service_pb2_grpc.add_IngestServiceServicer_to_server(service, server)
        return [_NAME]

    return add


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Malformed(f"not an exam's id: {text[:64]!r}") from None
