"""gRPC of reporting."""

from typing import Any
from uuid import UUID

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from sonobridge.reporting.v1 import service_pb2, service_pb2_grpc

from services.reporting.service import Archive
from services.shared import grpc_server
from services.shared.errors import Malformed


class Servicer(service_pb2_grpc.ReportingServiceServicer):
    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def GetReportStatus(
        self, request: service_pb2.GetReportStatusRequest, context: Any
    ) -> service_pb2.GetReportStatusResponse:
        try:
            exam_id = UUID(request.exam_id)
        except ValueError as error:
            raise Malformed("exam_id is no UUID") from error
        found = await self._archive.task(grpc_server.principal(), exam_id=exam_id)
        due = Timestamp()
        due.FromDatetime(found.task.due_at)
        return service_pb2.GetReportStatusResponse(
            task_id=str(found.task.id),
            state=found.task.state,
            report_id=str(found.task.report_id),
            version=found.version,
            due_at=due,
        )


def register(server: grpc.aio.Server, archive: Archive) -> list[str]:
    """Add the servicer; the names of its services."""
    service_pb2_grpc.add_ReportingServiceServicer_to_server(Servicer(archive), server)
    return [service_pb2.DESCRIPTOR.services_by_name["ReportingService"].full_name]
