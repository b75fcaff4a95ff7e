"""Between this service's words and the protos: exam in, events out. Pure."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from sonobridge.directory.v1 import directory_pb2
from sonobridge.inference.v1 import events_pb2 as pb
from sonobridge.ingest.v1 import events_pb2 as ingest_pb

from services.inference import codes
from services.inference.answers import ANSWERS
from services.inference.heading import tracking_uid
from services.inference.model import (
    Code,
    Evaluation,
    ExamFacts,
    Measurement,
    Mode,
    Permission,
    Skip,
    Stage,
    finding_id,
)
from services.inference.result import Group, Result, Run, Silence, Source

_MODES = {
    directory_pb2.GATE_MODE_APPROVED: Mode.APPROVED,
    directory_pb2.GATE_MODE_TRIAL: Mode.TRIAL,
    directory_pb2.GATE_MODE_SHADOW: Mode.SHADOW,
}
_SCANNER_LENGTH = 64  # of LO, PS3.5 section 6.2
_GATE_MODES = {mode: number for number, mode in _MODES.items()}


def permissions(agreement: directory_pb2.Agreement) -> list[Permission]:
    """The models that the agreement permits; one without a mode is not permitted."""
    return [
        Permission(one.model, _MODES[one.mode], one.certificate, one.ethics_protocol)
        for one in agreement.models
        if one.mode in _MODES
    ]


def facts(exam: ingest_pb.Exam, agreement: directory_pb2.Agreement) -> ExamFacts:
    """What the rules look at."""
    return ExamFacts(
        modality=exam.modality,
        body_part=exam.body_part,
        instances_with_frames=sum(instance.number_of_frames > 0 for instance in exam.instances),
        trial_consent=exam.trial_consent or agreement.trial_consent_attested,
    )


def sources(exam: ingest_pb.Exam, modalities: frozenset[str]) -> list[tuple[Source, str]]:
    """The instances with frames of these modalities, each with the digest of its bytes."""
    return [
        (
            Source(
                series_instance_uid=instance.series_instance_uid,
                sop_instance_uid=instance.sop_instance_uid,
                sop_class_uid=instance.sop_class_uid,
                object_key=instance.object_key,
                number_of_frames=instance.number_of_frames,
                rows=instance.rows,
                columns=instance.columns,
                modality=instance.modality,
            ),
            instance.digest_sha256,
        )
        for instance in exam.instances
        if instance.number_of_frames > 0 and instance.modality in modalities
    ]


def scanner(exam: ingest_pb.Exam) -> str:
    """Manufacturer's Model Name (0008,1090) of the exam's first image, its spaces made one; empty when unknown."""
    named = (instance.scanner for instance in exam.instances if instance.number_of_frames > 0)
    return " ".join(next(named, "").split())[:_SCANNER_LENGTH]


def decoded_text(exam: ingest_pb.Exam) -> dict[str, str]:
    """The text that ingest has already decoded, by DICOM keyword."""
    patient = exam.patient
    return {
        "PatientName": f"{patient.name}={patient.name_ideographic}" if patient.name_ideographic else patient.name,
        "PatientID": patient.id,
        "StudyDescription": exam.study_description,
        "AccessionNumber": exam.accession_number,
        "ReferringPhysicianName": exam.referring_physician,
    }


def completed(
    exam: ingest_pb.Exam, analysis_id: uuid.UUID, result: Result, documents: list[str], at: datetime
) -> pb.AnalysisCompleted:
    """The event's body; shadow models do not appear in it."""
    groups = result.shown_groups
    event = pb.AnalysisCompleted(
        analysis_id=str(analysis_id),
        exam_id=exam.exam_id,
        organisation_id=exam.organisation_id,
        exam_revision=exam.revision,
        runs=[_run(run) for run in result.shown_runs],
        findings=[finding for group in groups for finding in _findings(analysis_id, result, group)],
        hints=[hint for group in groups for hint in _hints(analysis_id, result, group)],
        contradictions=[
            pb.Contradiction(sop_instance_uid=one.sop_instance_uid, body_part=one.body_part, view=_code(one.view))
            for one in result.contradictions
        ],
        silences=[_silence(one) for one in result.shown_silences],
        sop_instance_uids=documents,
        investigational=result.investigational,
        crossing=exam.crossing if exam.HasField("crossing") else None,
        service_date=exam.service_date,
        completed_at=_timestamp(at),
        trace_id=exam.trace_id,
    )
    if groups:
        best = max(groups, key=lambda group: _telling(result, group))
        event.key_sop_instance_uid, event.key_frame = best.source.sop_instance_uid, best.frame
    return event


def _silence(one: Silence) -> pb.Silence:
    return pb.Silence(
        model=one.model,
        sop_instance_uid=one.source.sop_instance_uid,
        name=one.name,
        reason=one.reason,
        reason_zh=one.reason_zh,
        frames=one.frames,
    )


def skipped(exam: ingest_pb.Exam, skip: Skip) -> pb.AnalysisSkipped:
    return pb.AnalysisSkipped(
        exam_id=exam.exam_id,
        organisation_id=exam.organisation_id,
        exam_revision=exam.revision,
        rule=skip.rule.value,
        reason=skip.reason,
        trace_id=exam.trace_id,
    )


def failed(exam: ingest_pb.Exam, model: str, reason: str) -> pb.AnalysisFailed:
    return pb.AnalysisFailed(
        exam_id=exam.exam_id,
        organisation_id=exam.organisation_id,
        exam_revision=exam.revision,
        model=model,
        reason=reason,
        trace_id=exam.trace_id,
    )


def _run(run: Run) -> pb.ModelRun:
    return pb.ModelRun(model=_reference(run), frames=run.frames, outcome=run.outcome, reason=run.reason)


def _reference(run: Run) -> pb.ModelReference:
    return pb.ModelReference(
        name=run.model, version=run.version, mode=_GATE_MODES[run.mode], digest_sha256=run.digest_sha256
    )


def _telling(result: Result, group: Group) -> tuple[bool, bool, float]:
    """What was read goes before what was screened, what was measured before what was not, then the surest."""
    reading = group.reading
    is_read = result.run_of(group.model).stage is Stage.READ and group.says_something
    return is_read, bool(reading.measurements), reading.observation.certainty_percent


def _findings(analysis_id: uuid.UUID, result: Result, group: Group) -> list[pb.Finding]:
    """What an expert decides: figures and answers of the reading models."""
    if result.run_of(group.model).stage is Stage.SCREEN:
        return []
    answered = [one for one in group.reading.observation.evaluations if not one.hint and one.answer]
    return [
        *(
            _finding(analysis_id, result, group, figure.code, measurement=_measurement(figure))
            for figure in group.reading.measurements
        ),
        *(_evaluated(analysis_id, result, group, one) for one in answered),
    ]


def _hints(analysis_id: uuid.UUID, result: Result, group: Group) -> list[pb.Finding]:
    """What is shown beside: the screening models' view and quality, criteria of a plane, what cannot be judged."""
    observation = group.reading.observation
    if result.run_of(group.model).stage is Stage.READ:
        beside = [one for one in observation.evaluations if one.hint or not one.answer]
        return [_evaluated(analysis_id, result, group, one) for one in beside]
    view = [Evaluation(codes.IMAGE_VIEW, observation.view)] if observation.view else []
    return [
        *(
            _finding(analysis_id, result, group, figure.code, measurement=_measurement(figure))
            for figure in group.reading.measurements
        ),
        *(_evaluated(analysis_id, result, group, one) for one in (*view, *observation.evaluations)),
    ]


def _evaluated(analysis_id: uuid.UUID, result: Result, group: Group, one: Evaluation) -> pb.Finding:
    answer = _code(one.answer) if one.answer else None
    choices = [_code(choice) for choice in ANSWERS.get(one.question, ())]
    said = pb.Evaluation(answer=answer, why=one.why, source=one.source, choices=choices)
    told_apart = f"{one.answer.scheme}:{one.answer.value}" if one.answer else "cannot be judged"
    found = _finding(analysis_id, result, group, one.question, told_apart, evaluation=said)
    if one.certainty_percent is not None:
        found.certainty_percent = one.certainty_percent
    elif one.hint:
        found.certainty_percent = 0  # a criterion is met or not; the outline's certainty is not its own
    return found


def _finding(
    analysis_id: uuid.UUID, result: Result, group: Group, code: Code, *told_apart: str, **said: Any
) -> pb.Finding:
    observation, source = group.reading.observation, group.source
    further = (*told_apart, *((str(group.number),) if group.number else ()))
    first, last = group.run
    return pb.Finding(
        finding_id=str(finding_id(analysis_id, group.model, code, source.sop_instance_uid, group.frame, *further)),
        code=_code(code),
        anchor=pb.Anchor(
            series_instance_uid=source.series_instance_uid,
            sop_instance_uid=source.sop_instance_uid,
            first_frame=first,
            last_frame=last,
            plane=_code(observation.view) if observation.view else None,
            contour=[pb.Point(column=column, row=row) for column, row in observation.contour],
            key_frame=group.frame,
        ),
        certainty_percent=observation.certainty_percent,
        model=_reference(result.run_of(group.model)),
        tracking_uid=tracking_uid(analysis_id, group),
        **said,
    )


def _measurement(figure: Measurement) -> pb.Measurement:
    method = "; ".join(part for part in (figure.derivation, figure.method) if part)
    return pb.Measurement(value=figure.value, unit=figure.unit, lower=figure.lower, upper=figure.upper, method=method)


def _code(code: Code) -> pb.Code:
    return pb.Code(value=code.value, scheme=code.scheme, meaning=code.meaning)


def _timestamp(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
