"""Inference over gRPC, for the other services, each call for one tenant."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import grpc
from sonobridge.inference.v1 import events_pb2, service_pb2_grpc
from sonobridge.inference.v1 import service_pb2 as pb

from services.inference.model import State
from services.inference.service import Analyses
from services.shared import grpc_server
from services.shared.errors import Malformed, NotFound

FULL_NAME = "sonobridge.inference.v1.InferenceService"


class Servicer(service_pb2_grpc.InferenceServiceServicer):
    def __init__(self, analyses: Analyses) -> None:
        self._analyses = analyses

    async def GetAnalysis(self, request: pb.GetAnalysisRequest, context: Any) -> pb.GetAnalysisResponse:
        try:
            exam_id = UUID(request.exam_id)
        except ValueError as error:
            raise Malformed(f"{request.exam_id!r} is no UUID") from error
        found = await self._analyses.of_exam(grpc_server.principal().organisation_id, exam_id)
        if not found:
            raise NotFound("there is no finished analysis of such an exam")
        latest = found[0]
        match latest.state:
            case State.COMPLETED:
                return pb.GetAnalysisResponse(completed=events_pb2.AnalysisCompleted.FromString(latest.body))
            case State.SKIPPED:
                return pb.GetAnalysisResponse(skipped=events_pb2.AnalysisSkipped.FromString(latest.body))
            case _:
                return pb.GetAnalysisResponse(failed=events_pb2.AnalysisFailed.FromString(latest.body))


def register(server: grpc.aio.Server, analyses: Analyses) -> list[str]:
    """Adds the servicer; the full names of what it serves."""
    service_pb2_grpc.add_InferenceServiceServicer_to_server(Servicer(analyses), server)
    return [FULL_NAME]
