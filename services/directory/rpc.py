"""The directory over gRPC, for the other services, each call for one tenant."""

from typing import Any
from uuid import UUID

import grpc
from sonobridge.directory.v1 import service_pb2 as pb
from sonobridge.directory.v1 import service_pb2_grpc

from services.directory import messages
from services.directory.reading import Reading
from services.directory.service import DirectoryService
from services.shared import grpc_server
from services.shared.errors import Malformed

FULL_NAME = "sonobridge.directory.v1.DirectoryService"


class Servicer(service_pb2_grpc.DirectoryServiceServicer):
    def __init__(self, service: DirectoryService) -> None:
        self._read = Reading(service)

    async def GetOrganisation(self, request: pb.GetOrganisationRequest, context: Any) -> pb.GetOrganisationResponse:
        try:
            organisation_id = UUID(request.organisation_id)
        except ValueError as error:
            raise Malformed(f"{request.organisation_id!r} is no UUID") from error
        found = await self._read.organisation_by_id(grpc_server.principal(), organisation_id)
        return pb.GetOrganisationResponse(organisation=messages.organisation(found))

    async def ListAgreements(self, request: pb.ListAgreementsRequest, context: Any) -> pb.ListAgreementsResponse:
        found = await self._read.every_version(grpc_server.principal())
        return pb.ListAgreementsResponse(agreements=[messages.agreement(one) for one in found])

    async def GetDevice(self, request: pb.GetDeviceRequest, context: Any) -> pb.GetDeviceResponse:
        device, _ = await self._read.device(grpc_server.principal(), request.ae_title)
        return pb.GetDeviceResponse(device=messages.device(device))


def register(server: grpc.aio.Server, service: DirectoryService) -> list[str]:
    """Adds the servicer; the full names of what it serves."""
    service_pb2_grpc.add_DirectoryServiceServicer_to_server(Servicer(service), server)
    return [FULL_NAME]
