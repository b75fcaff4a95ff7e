"""Billing over gRPC, for the other services, each call for one tenant."""

from typing import Any
from uuid import UUID

import grpc
from sonobridge.billing.v1 import events_pb2, service_pb2_grpc
from sonobridge.billing.v1 import service_pb2 as pb

from services.billing.service.statements import Row, Statements, Wanted
from services.shared import grpc_server
from services.shared.errors import Malformed

FULL_NAME = "sonobridge.billing.v1.BillingService"
_MOST = 1000  # an exam has one record per service item and one reversal of each


class Servicer(service_pb2_grpc.BillingServiceServicer):
    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def ListUsage(self, request: pb.ListUsageRequest, context: Any) -> pb.ListUsageResponse:
        try:
            exam_id = UUID(request.exam_id)
        except ValueError as error:
            raise Malformed(f"{request.exam_id!r} is no UUID") from error
        caller = grpc_server.principal()
        caller.require("billing_admin", "operator")
        rows = await self._statements.usage(caller.organisation_id, Wanted(exam_id=exam_id), None, _MOST)
        return pb.ListUsageResponse(usage=[_message(row) for row in rows])


def register(server: grpc.aio.Server, statements: Statements) -> list[str]:
    """Adds the servicer; the full names of what it serves."""
    service_pb2_grpc.add_BillingServiceServicer_to_server(Servicer(statements), server)
    return [FULL_NAME]


def _message(row: Row) -> events_pb2.UsageRecorded:
    return events_pb2.UsageRecorded(
        usage_id=str(row["id"]),
        organisation_id=str(row["organisation_id"]),
        exam_id=str(row["exam_id"]),
        agreement_id=str(row["agreement_id"]),
        agreement_version=row["agreement_version"],
        item_code=row["item_code"],
        payer_id=str(row["payer_id"]),
        payee_id=str(row["payee_id"]),
        service_date=row["service_date"].isoformat(),
        quantity=row["quantity"],
        corrects_usage_id=str(row["corrects_usage_id"] or ""),
        trace_id=row["trace_id"],
    )
