"""Between the wire and the model: protobuf messages, and JSON as Postgres and callers have it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import TypeAdapter
from sonobridge.directory.v1 import directory_pb2
from sonobridge.inference.v1 import events_pb2 as inference_pb
from sonobridge.ingest.v1 import events_pb2 as ingest_pb
from sonobridge.reporting.v1 import events_pb2 as reporting_pb

from services.reporting.model.content import Content, ExamFacts, FirstReading, Hospital, Patient
from services.reporting.model.findings import (
    Anchor,
    Code,
    Contradiction,
    Failure,
    Finding,
    Hints,
    Model,
    Review,
    ReviewedFinding,
    Silence,
    let_stand,
)

_CONTENT = TypeAdapter(Content)
_REVIEWED = TypeAdapter(tuple[ReviewedFinding, ...])
_FINDINGS = TypeAdapter(tuple[Finding, ...])
_FIRST_READING = TypeAdapter(FirstReading)
_HINTS = TypeAdapter(Hints)

_MODES = {
    directory_pb2.GATE_MODE_APPROVED: "approved",
    directory_pb2.GATE_MODE_TRIAL: "trial",
    directory_pb2.GATE_MODE_SHADOW: "shadow",
    directory_pb2.GATE_MODE_UNSPECIFIED: "",
}
_FAILED = "failed"  # the outcome of a run
_MODE_NUMBERS = {name: number for number, name in _MODES.items()}
_REVIEWS = {
    Review.PROPOSED: reporting_pb.FINDING_STATE_PROPOSED,
    Review.ACCEPTED: reporting_pb.FINDING_STATE_ACCEPTED,
    Review.CORRECTED: reporting_pb.FINDING_STATE_CORRECTED,
    Review.REJECTED: reporting_pb.FINDING_STATE_REJECTED,
}


def content_to_json(content: Content) -> dict[str, Any]:
    found: dict[str, Any] = _CONTENT.dump_python(content, mode="json")
    return found


def content_from_json(value: Any) -> Content:
    return _CONTENT.validate_python(value)


def reviewed_to_json(findings: Iterable[ReviewedFinding]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _REVIEWED.dump_python(tuple(findings), mode="json")
    return found


def reviewed_from_json(value: Any) -> tuple[ReviewedFinding, ...]:
    return _REVIEWED.validate_python(value)


def findings_to_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _FINDINGS.dump_python(tuple(findings), mode="json")
    return found


def findings_from_json(value: Any) -> tuple[Finding, ...]:
    return _FINDINGS.validate_python(value)


def first_reading_to_json(first: FirstReading) -> dict[str, Any]:
    found: dict[str, Any] = _FIRST_READING.dump_python(first, mode="json")
    return found


def first_reading_from_json(value: Any) -> FirstReading:
    return _FIRST_READING.validate_python(value)


def finding_from_wire(message: inference_pb.Finding) -> Finding:
    anchor = message.anchor
    return Finding(
        finding_id=message.finding_id,
        code=_code(message.code),
        value=message.measurement.value,
        unit=message.measurement.unit,
        lower=message.measurement.lower,
        upper=message.measurement.upper,
        method=message.measurement.method or message.evaluation.source,
        certainty_percent=message.certainty_percent,
        anchor=Anchor(
            series_instance_uid=anchor.series_instance_uid,
            sop_instance_uid=anchor.sop_instance_uid,
            first_frame=anchor.first_frame,
            last_frame=anchor.last_frame,
            plane=_code(anchor.plane) if anchor.HasField("plane") else None,
            contour=tuple((point.column, point.row) for point in anchor.contour),
            key_frame=anchor.key_frame,
        ),
        model=Model(
            name=message.model.name,
            version=message.model.version,
            mode=_MODES.get(message.model.mode, ""),
            digest_sha256=message.model.digest_sha256,
        ),
        tracking_uid=message.tracking_uid,
        coded=message.HasField("evaluation"),
        answer=_code(message.evaluation.answer) if message.evaluation.HasField("answer") else None,
        why=message.evaluation.why,
        choices=tuple(_code(one) for one in message.evaluation.choices),
    )


def hints_from_wire(message: inference_pb.AnalysisCompleted) -> Hints:
    """What is shown beside the findings and decided by nobody."""
    return Hints(
        tuple(finding_from_wire(one) for one in message.hints),
        tuple(Contradiction(one.sop_instance_uid, one.body_part, _code(one.view)) for one in message.contradictions),
        tuple(
            Silence(one.model, one.sop_instance_uid, one.reason_zh or one.reason, one.reason, one.frames)
            for one in message.silences
        ),
        tuple(Failure(one.model.name, one.model.version, one.reason) for one in message.runs if one.outcome == _FAILED),
    )


def hints_to_json(hints: Hints) -> dict[str, Any]:
    found: dict[str, Any] = _HINTS.dump_python(hints, mode="json")
    return found


def hints_from_json(value: Any) -> Hints:
    return _HINTS.validate_python(value)


def _code(message: inference_pb.Code) -> Code:
    return Code(message.value, message.scheme, message.meaning)


def _code_to_wire(code: Code) -> inference_pb.Code:
    return inference_pb.Code(value=code.value, scheme=code.scheme, meaning=code.meaning)


def _measurement_to_wire(finding: Finding) -> inference_pb.Measurement:
    return inference_pb.Measurement(
        value=finding.value, unit=finding.unit, lower=finding.lower, upper=finding.upper, method=finding.method
    )


def _evaluation_to_wire(finding: Finding) -> inference_pb.Evaluation:
    return inference_pb.Evaluation(
        answer=_code_to_wire(finding.answer) if finding.answer else None,
        why=finding.why,
        source=finding.method,
        choices=[_code_to_wire(one) for one in finding.choices],
    )


def _finding_to_wire(finding: Finding) -> inference_pb.Finding:
    anchor = finding.anchor
    return inference_pb.Finding(
        finding_id=finding.finding_id,
        code=_code_to_wire(finding.code),
        measurement=None if finding.coded else _measurement_to_wire(finding),
        evaluation=_evaluation_to_wire(finding) if finding.coded else None,
        anchor=inference_pb.Anchor(
            series_instance_uid=anchor.series_instance_uid,
            sop_instance_uid=anchor.sop_instance_uid,
            first_frame=anchor.first_frame,
            last_frame=anchor.last_frame,
            plane=_code_to_wire(anchor.plane) if anchor.plane else None,
            contour=[inference_pb.Point(column=column, row=row) for column, row in anchor.contour],
            key_frame=anchor.key_frame,
        ),
        certainty_percent=finding.certainty_percent,
        model=inference_pb.ModelReference(
            name=finding.model.name,
            version=finding.model.version,
            mode=_MODE_NUMBERS.get(finding.model.mode, directory_pb2.GATE_MODE_UNSPECIFIED),
            digest_sha256=finding.model.digest_sha256,
        ),
        tracking_uid=finding.tracking_uid,
    )


def report_signed(content: Content, document_digest_sha256: str) -> reporting_pb.ReportSigned:
    """The event that tells of a signed version."""
    signed_at = Timestamp()
    signed_at.FromDatetime(content.signed.at)
    return reporting_pb.ReportSigned(
        report_id=content.report_id,
        version=content.version,
        exam_id=content.exam.exam_id,
        organisation_id=content.requester.id,
        reader_id=content.reader.id,
        crossing=ingest_pb.Crossing(
            agreement_id=content.exam.agreement_id,
            agreement_version=content.exam.agreement_version,
            reader_id=content.reader.id,
        ),
        service_date=content.exam.service_date,
        signed_at=signed_at,
        signed_by=content.signed.subject,
        findings=[
            reporting_pb.ReviewedFinding(
                finding=_finding_to_wire(one.finding),
                state=_REVIEWS[one.state],
                corrected_value=one.corrected_value or 0.0,
                reviewed_by=one.reviewed_by,
                corrected_answer=_code_to_wire(one.corrected_answer) if one.corrected_answer else None,
                corrected_text=one.corrected_text,
            )
            for one in content.findings
        ],
        document_digest_sha256=document_digest_sha256,
        trace_id=content.exam.trace_id,
        study_instance_uid=content.exam.study_instance_uid,
        let_stand=[_finding_to_wire(replace(one, choices=())) for one in let_stand(content.findings, content.hints)],
    )


def patient_of(exam: ingest_pb.Exam) -> Patient:
    found = exam.patient
    return Patient(found.name, found.name_ideographic, found.id, found.birth_date, found.sex)


def exam_facts(exam: ingest_pb.Exam, agreement_number: str) -> ExamFacts:
    return ExamFacts(
        exam_id=exam.exam_id,
        study_instance_uid=exam.study_instance_uid,
        accession_number=exam.accession_number,
        modality=exam.modality,
        body_part=exam.body_part,
        study_description=exam.study_description,
        study_time=exam.study_time,
        service_date=exam.service_date,
        revision=exam.revision,
        priority=exam.priority,
        referring_physician=exam.referring_physician,
        trace_id=exam.trace_id,
        agreement_id=exam.crossing.agreement_id,
        agreement_number=agreement_number,
        agreement_version=exam.crossing.agreement_version,
    )


def hospital_of(organisation: directory_pb2.Organisation) -> Hospital:
    return Hospital(
        id=organisation.id,
        name_zh=organisation.name_zh,
        name_en=organisation.name_en,
        unified_social_credit_code=organisation.unified_social_credit_code,
        time_zone=organisation.time_zone or "UTC",
    )


def turnarounds(agreement: directory_pb2.Agreement) -> dict[str, timedelta]:
    return {one.priority: one.duration.ToTimedelta() for one in agreement.turnarounds}
