"""Ingest's gRPC as far as inference calls it: keeps what is stored, refuses the same UID with another dataset."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import grpc
from pydicom import dcmread
from sonobridge.ingest.v1 import service_pb2 as pb
from sonobridge.ingest.v1 import service_pb2_grpc
from sonobridge.ingest.v1.events_pb2 import InstanceReference


class FakeIngest(service_pb2_grpc.IngestServiceServicer):
    """Serves on loopback between `start` and `stop`; `calls` counts every StoreDerived."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}
        self.stored_for: dict[str, list[str]] = {}
        self.calls = 0
        self.refusal: tuple[grpc.StatusCode, str] | None = None
        self.port = 0

    async def start(self) -> None:
        self._server = grpc.aio.server()
        service_pb2_grpc.add_IngestServiceServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop(None)

    async def StoreDerived(
        self, request_iterator: AsyncIterator[pb.StoreDerivedRequest], context: Any
    ) -> pb.StoreDerivedResponse:
        chunks = [request async for request in request_iterator]
        self.calls += 1
        if self.refusal is not None:
            code, name = self.refusal
            await context.abort(code, name, (("sonobridge-error", name),))
        assert chunks[0].exam_id
        data = b"".join(request.chunk for request in chunks)
        uid = str(dcmread(BytesIO(data)).SOPInstanceUID)
        if self.documents.setdefault(uid, data) != data:
            await context.abort(grpc.StatusCode.ABORTED, "another dataset", (("sonobridge-error", "Conflict"),))
        stored = self.stored_for.setdefault(chunks[0].exam_id, [])
        if uid not in stored:
            stored.append(uid)
        return pb.StoreDerivedResponse(instance=InstanceReference(sop_instance_uid=uid))
