"""What the HTTP API gives. The console's types are made from these."""

from dataclasses import asdict
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.reporting.model.content import Signature, Text
from services.reporting.model.findings import Code, Contradiction, Hints, Review, ReviewedFinding, labels
from services.reporting.model.lease import Lease
from services.reporting.model.sentences import said, sentence, views_now
from services.reporting.model.states import FINAL, Act, State, after
from services.reporting.service.archive import Opened
from services.reporting.store import Listed, Report, Version
from services.shared.tenancy import Principal


class PatientView(BaseModel):
    name: str
    name_ideographic: str
    id: str
    birth_date: str
    sex: str


class LeaseView(BaseModel):
    subject: str
    display_name: str
    until: datetime

    @classmethod
    def of(cls, lease: Lease) -> "LeaseView":
        return cls(subject=lease.subject, display_name=lease.display_name, until=lease.until)


class SignatureView(BaseModel):
    subject: str
    display_name: str
    at: datetime

    @classmethod
    def of(cls, signature: Signature) -> "SignatureView":
        return cls(subject=signature.subject, display_name=signature.display_name, at=signature.at)


class TaskView(BaseModel):
    """A line of the worklist."""

    id: UUID
    exam_id: UUID
    organisation_id: UUID
    organisation_name_zh: str
    organisation_name_en: str
    study_instance_uid: str
    patient: PatientView
    modality: str
    body_part: str
    study_description: str
    accession_number: str
    study_time: str
    priority: Literal["ROUTINE", "URGENT", "STAT"]
    state: State
    due_at: datetime
    overdue: bool
    double_reading: bool
    claimed_by: LeaseView | None
    first_signed: SignatureView | None
    ai: Literal["pending", "completed", "skipped", "failed"]
    new_images: bool
    report_id: UUID
    version: int
    trace_id: str

    @classmethod
    def of(cls, found: Listed, names: tuple[str, str], now: datetime) -> "TaskView":
        task, exam = found.task, found.exam
        lease = task.lease if task.lease and task.lease.runs(now) else None
        state = task.state if lease or task.lease is None else after(task.state, Act.LET_GO)
        return cls.model_validate(
            {
                "id": task.id,
                "exam_id": task.exam_id,
                "organisation_id": task.organisation_id,
                "organisation_name_zh": names[0],
                "organisation_name_en": names[1],
                "study_instance_uid": exam.study_instance_uid,
                "patient": {name: getattr(exam.patient, name) for name in PatientView.model_fields},
                "modality": exam.modality,
                "body_part": exam.body_part,
                "study_description": exam.study_description,
                "accession_number": exam.accession_number,
                "study_time": exam.study_time,
                "priority": task.priority,
                "state": state,
                "due_at": task.due_at,
                "overdue": state not in FINAL and task.due_at < now,
                "double_reading": task.double_reading,
                "claimed_by": LeaseView.of(lease) if lease else None,
                "first_signed": SignatureView.of(found.first_signed) if found.first_signed else None,
                "ai": task.ai,
                "new_images": task.new_images,
                "report_id": task.report_id,
                "version": found.version,
                "trace_id": exam.trace_id,
            }
        )


class Worklist(BaseModel):
    items: list[TaskView]
    next: str | None


class AnchorView(BaseModel):
    """Where a finding stands; frames count from 1, the contour is columns and rows as SCOORD has them."""

    series_instance_uid: str
    sop_instance_uid: str
    first_frame: int
    last_frame: int
    key_frame: int
    plane: str | None
    plane_zh: str | None
    plane_en: str | None
    contour: list[tuple[float, float]]


class ModelView(BaseModel):
    name: str
    version: str
    mode: str


class AnswerView(BaseModel):
    """A coded answer by its names."""

    code: str
    zh: str
    en: str

    @classmethod
    def of(cls, code: Code) -> "AnswerView":
        zh, en = labels(code)
        return cls(code=code.value, zh=zh, en=en)


class FindingView(BaseModel):
    """A measured value, or (`coded`) the answer to a question: `answer` is its code, null where it cannot be judged.

    An expert corrects an answer to one of its `alternatives`; `other` is in words of the expert's own (`corrected_text`)."""

    finding_id: str
    code: str
    code_scheme: str
    code_meaning: str
    label_zh: str
    label_en: str
    coded: bool
    answer: str | None
    answer_zh: str
    answer_en: str
    why: str
    alternatives: list[AnswerView]
    sentence_zh: str
    sentence_en: str
    value: float
    unit: str
    lower: float
    upper: float
    method: str
    certainty_percent: float
    state: Review
    corrected_value: float | None
    corrected_answer: AnswerView | None
    corrected_text: str
    reviewed_by: str
    anchor: AnchorView
    model: ModelView

    @classmethod
    def of(cls, one: ReviewedFinding) -> "FindingView":
        finding, anchor = one.finding, one.finding.anchor
        label_zh, label_en = labels(finding.code)
        answer_zh, answer_en = said(finding) if finding.coded else ("", "")
        sentence_zh, sentence_en = sentence(one)
        plane_zh, plane_en = labels(anchor.plane) if anchor.plane else (None, None)
        return cls(
            finding_id=finding.finding_id,
            code=finding.code.value,
            code_scheme=finding.code.scheme,
            code_meaning=finding.code.meaning,
            label_zh=label_zh,
            label_en=label_en,
            coded=finding.coded,
            answer=finding.answer.value if finding.answer else None,
            answer_zh=answer_zh,
            answer_en=answer_en,
            why=finding.why,
            alternatives=[AnswerView.of(code) for code in finding.alternatives],
            sentence_zh=sentence_zh,
            sentence_en=sentence_en,
            value=finding.value,
            unit=finding.unit,
            lower=finding.lower,
            upper=finding.upper,
            method=finding.method,
            certainty_percent=finding.certainty_percent,
            state=one.state,
            corrected_value=one.corrected_value,
            corrected_answer=AnswerView.of(one.corrected_answer) if one.corrected_answer else None,
            corrected_text=one.corrected_text,
            reviewed_by=one.reviewed_by,
            anchor=AnchorView(
                series_instance_uid=anchor.series_instance_uid,
                sop_instance_uid=anchor.sop_instance_uid,
                first_frame=anchor.first_frame,
                last_frame=anchor.last_frame,
                key_frame=anchor.frame,
                plane=anchor.plane.meaning if anchor.plane else None,
                plane_zh=plane_zh,
                plane_en=plane_en,
                contour=list(anchor.contour),
            ),
            model=ModelView(name=finding.model.name, version=finding.model.version, mode=finding.model.mode),
        )


class VersionView(BaseModel):
    """A signed version in a list."""

    report_id: UUID
    version: int
    kind: Literal["report", "addendum"]
    exam_id: UUID
    study_instance_uid: str
    signed_at: datetime
    signed_by: str
    critical: bool
    investigational: bool
    impression: str
    document_digest_sha256: str
    pdf: str
    dcm: str

    @classmethod
    def of(cls, version: Version) -> "VersionView":
        content = version.content
        path = f"/api/reporting/v1/reports/{content.report_id}"
        return cls(
            report_id=UUID(content.report_id),
            version=content.version,
            kind=content.kind.value,
            exam_id=UUID(content.exam.exam_id),
            study_instance_uid=content.exam.study_instance_uid,
            signed_at=content.signed.at,
            signed_by=content.signed.display_name,
            critical=content.text.critical,
            investigational=content.investigational,
            impression=content.text.impression,
            document_digest_sha256=version.document_digest_sha256,
            pdf=f"{path}.pdf?version={content.version}",
            dcm=f"{path}.dcm?version={content.version}",
        )


class VersionPage(BaseModel):
    items: list[VersionView]
    next: None = None


class KeyImageView(BaseModel):
    sop_instance_uid: str
    frame: int


class ReadingView(BaseModel):
    """What an expert says of an exam."""

    findings: list[FindingView]
    description: str
    impression: str
    recommendation: str
    critical: bool


class ContradictionView(BaseModel):
    """An image that shows another anatomy than its exam says; AI read it as what it shows."""

    sop_instance_uid: str
    body_part: str
    view_zh: str
    view_en: str


class SilenceView(BaseModel):
    """How many frames of an image AI says nothing of, and why."""

    model: str
    sop_instance_uid: str
    reason_zh: str
    reason_en: str
    frames: int


class FailureView(BaseModel):
    """A model that was to read the exam and did not; without a model: the analysis as a whole."""

    model: str
    version: str
    reason: str


class ReportView(ReadingView):
    id: UUID
    task_id: UUID
    exam_id: UUID
    organisation_id: UUID
    state: State
    new_images: bool
    ai: Literal["pending", "completed", "skipped", "failed"]
    version: int
    etag: str
    offered: list[FindingView]
    is_offered: bool
    hints: list[FindingView]
    views_now: str | None = Field(
        description="the views as they stand, where the description has others (empty: none stands); null where it has not"
    )
    contradictions: list[ContradictionView]
    silences: list[SilenceView]
    failures: list[FailureView]
    key_image: KeyImageView | None
    first_signed: SignatureView | None
    first_reading: ReadingView | None
    versions: list[VersionView]

    @classmethod
    def of(cls, opened: Opened, principal: Principal) -> "ReportView":
        """The working copy for its reader, the latest signed version for its requester."""
        task = opened.task
        working = opened.working if task.reader_id == principal.organisation_id else None
        latest = opened.versions[-1] if opened.versions else None
        text, findings = _shown(working, latest)
        version = latest.content.version if latest else 0
        key = working.key_image if working else None
        first = working.first_reading if working else None
        offer = working.offer if working else None
        hints = working.hints if working else Hints()
        return cls.model_validate(
            _reading(text, findings)
            | {
                "id": task.report_id,
                "task_id": task.id,
                "exam_id": task.exam_id,
                "organisation_id": task.organisation_id,
                "state": task.state,
                "new_images": task.new_images,
                "ai": task.ai,
                "version": version,
                "etag": etag(working.edition if working else version),
                "offered": [FindingView.of(ReviewedFinding(one)) for one in (offer.findings if offer else ())],
                "is_offered": offer is not None,
                "views_now": views_now(text.description, hints.findings, findings),
                "hints": [FindingView.of(ReviewedFinding(one)) for one in hints.findings],
                "contradictions": [_contradiction(one) for one in hints.contradictions],
                "silences": [SilenceView(**asdict(one)) for one in hints.silences],
                "failures": [FailureView(**asdict(one)) for one in hints.failures],
                "key_image": KeyImageView(sop_instance_uid=key.sop_instance_uid, frame=key.frame) if key else None,
                "first_signed": SignatureView.of(first.signature) if first else None,
                "first_reading": ReadingView.model_validate(_reading(first.text, first.findings)) if first else None,
                "versions": [VersionView.of(one) for one in opened.versions],
            }
        )


def _contradiction(one: Contradiction) -> ContradictionView:
    zh, en = labels(one.view)
    return ContradictionView(sop_instance_uid=one.sop_instance_uid, body_part=one.body_part, view_zh=zh, view_en=en)


def _reading(text: Text, findings: tuple[ReviewedFinding, ...]) -> dict[str, object]:
    return {
        "findings": [FindingView.of(one) for one in findings],
        "description": text.description,
        "impression": text.impression,
        "recommendation": text.recommendation,
        "critical": text.critical,
    }


def _shown(working: Report | None, latest: Version | None) -> tuple[Text, tuple[ReviewedFinding, ...]]:
    if working is not None:
        return working.text, working.findings
    assert latest is not None, "the archive gives a requester nothing that is not signed"
    return latest.content.text, latest.content.findings


def etag(edition: int) -> str:
    return f'"{edition}"'
