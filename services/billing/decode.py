"""Protobuf messages into what billing knows. Raises Unbillable for what can never be read as it must be."""

from datetime import date
from typing import Any
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from sonobridge.directory.v1 import directory_pb2
from sonobridge.inference.v1 import events_pb2 as inference_pb2
from sonobridge.ingest.v1 import events_pb2 as ingest_pb2
from sonobridge.reporting.v1 import events_pb2 as reporting_pb2

from services.billing.model.agreement import (
    AgreementVersion,
    BillableEvent,
    GateMode,
    ModelRun,
    Party,
    PriceItem,
    Unbillable,
)
from services.billing.model.fact import Crossing, Fact
from services.billing.rating import Tier
from services.shared.events import Event

_PARTIES = {
    directory_pb2.PARTY_REQUESTER: Party.REQUESTER,
    directory_pb2.PARTY_READER: Party.READER,
    directory_pb2.PARTY_PLATFORM: Party.PLATFORM,
}
_EVENTS = {
    directory_pb2.BILLABLE_EVENT_REPORT_SIGNED: BillableEvent.REPORT_SIGNED,
    directory_pb2.BILLABLE_EVENT_ANALYSIS_COMPLETED: BillableEvent.ANALYSIS_COMPLETED,
}
_MODES = {
    directory_pb2.GATE_MODE_APPROVED: GateMode.APPROVED,
    directory_pb2.GATE_MODE_TRIAL: GateMode.TRIAL,
    directory_pb2.GATE_MODE_SHADOW: GateMode.SHADOW,
}


def agreement(message: directory_pb2.Agreement) -> AgreementVersion:
    """One version of an agreement."""
    try:
        return AgreementVersion(
            id=UUID(message.id),
            version=message.version,
            number=message.number,
            requester_id=UUID(message.requester_id),
            reader_id=UUID(message.reader_id),
            valid_from=date.fromisoformat(message.valid_from),
            valid_until=date.fromisoformat(message.valid_until) if message.valid_until else None,
            currency=message.currency,
            items=tuple(_price_item(item) for item in message.price_items),
        )
    except (ValueError, KeyError) as error:
        raise Unbillable(f"agreement {message.id} version {message.version} cannot be read: {error}") from error


def exam(event: Event, message: ingest_pb2.Exam) -> Fact:
    """A completed or amended exam."""
    return _fact(
        event,
        message.organisation_id,
        message.exam_id,
        message.service_date,
        message.trace_id,
        study_instance_uid=message.study_instance_uid or None,
        detail={"revision": message.revision, "first_instance_at": _iso(message.first_instance_at)},
    )


def report(event: Event, message: reporting_pb2.ReportSigned) -> Fact:
    """A signed report or addendum. It always has an agreement: without one nobody could have read the exam."""
    if not message.HasField("crossing"):
        raise Unbillable(f"report {message.report_id} names no agreement by which it was read")
    return _fact(
        event,
        message.organisation_id,
        message.exam_id,
        message.service_date,
        message.trace_id,
        study_instance_uid=message.study_instance_uid or None,
        crossing=_crossing(message.crossing),
        detail={
            "report_id": message.report_id,
            "version": message.version,
            "signed_at": _iso(message.signed_at),
            "reader_id": message.reader_id,
            "document_digest_sha256": message.document_digest_sha256,
        },
    )


def analysis(event: Event, message: inference_pb2.AnalysisCompleted) -> Fact:
    """A completed analysis. Without an agreement it stays the requester's own and is charged to nobody."""
    return _fact(
        event,
        message.organisation_id,
        message.exam_id,
        message.service_date,
        message.trace_id,
        crossing=_crossing(message.crossing) if message.HasField("crossing") else None,
        runs=tuple(ModelRun(run.model.name, _MODES.get(run.model.mode), run.outcome) for run in message.runs),
        detail={
            "analysis_id": message.analysis_id,
            "exam_revision": message.exam_revision,
            "completed_at": _iso(message.completed_at),
            "investigational": message.investigational,
            "runs": [
                {
                    "model": run.model.name,
                    "version": run.model.version,
                    "mode": _MODES[run.model.mode].value if run.model.mode in _MODES else "",
                    "outcome": run.outcome,
                }
                for run in message.runs
            ],
        },
    )


def _fact(event: Event, organisation_id: str, exam_id: str, service_date: str, trace_id: str, **more: Any) -> Fact:
    try:
        owner, exam_uuid, day = UUID(organisation_id), UUID(exam_id), date.fromisoformat(service_date)
    except ValueError as error:
        raise Unbillable(f"{event.type} {event.id} cannot be read: {error}") from error
    if owner != event.organisation_id:
        raise Unbillable(f"{event.type} {event.id} speaks of an exam of another organisation than it names")
    return Fact(event.id, event.type, event.time, owner, exam_uuid, day, trace_id, **more)


def _crossing(message: ingest_pb2.Crossing) -> Crossing:
    try:
        return Crossing(UUID(message.agreement_id), message.agreement_version)
    except ValueError as error:
        raise Unbillable(f"the agreement {message.agreement_id!r} is no identifier") from error


def _price_item(message: directory_pb2.PriceItem) -> PriceItem:
    return PriceItem(
        code=message.code,
        description_zh=message.description_zh,
        description_en=message.description_en,
        event=_EVENTS[message.billable_event],
        model=message.model or None,
        payer=_PARTIES[message.payer],
        payee=_PARTIES[message.payee],
        tiers=tuple(Tier(tier.up_to or None, tier.unit_amount_minor) for tier in message.tiers),
    )


def _iso(moment: Timestamp) -> str | None:
    return moment.ToDatetime().isoformat() + "Z" if moment.seconds else None
