"""What the HTTP API takes and gives, as JSON."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.reporting import codec
from services.reporting.model.content import Text
from services.reporting.model.findings import Decision, Review, ReviewedFinding
from services.reporting.model.lease import Lease
from services.reporting.model.states import Act, State, after
from services.reporting.service.archive import Opened
from services.reporting.store import Listed, Report, Version
from services.shared.tenancy import Principal

_TEXT_CHARACTERS = 20_000


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DecisionBody(_Body):
    """What the expert decides about one finding."""

    finding_id: str
    state: Review
    corrected_value: float | None = Field(None, allow_inf_nan=False)


class DraftBody(_Body):
    """The draft. Findings not named stay as they are."""

    findings: list[DecisionBody] = []
    description: str = Field("", max_length=_TEXT_CHARACTERS)
    impression: str = Field("", max_length=_TEXT_CHARACTERS)
    recommendation: str = Field("", max_length=_TEXT_CHARACTERS)
    critical: bool = False

    def decisions(self) -> tuple[Decision, ...]:
        return tuple(Decision(one.finding_id, one.state, one.corrected_value) for one in self.findings)

    def text(self) -> Text:
        return Text(self.description, self.impression, self.recommendation, self.critical)


class SignBody(_Body):
    attestation: bool


class AddendumBody(DraftBody):
    attestation: bool


def task_json(found: Listed, names: tuple[str, str], now: datetime) -> dict[str, Any]:
    """A line of the worklist."""
    task, exam = found.task, found.exam
    lease = task.lease if task.lease and task.lease.runs(now) else None
    state = task.state if lease or task.lease is None else after(task.state, Act.LET_GO)
    return {
        "id": task.id,
        "exam_id": task.exam_id,
        "organisation_id": task.organisation_id,
        "organisation_name_zh": names[0],
        "organisation_name_en": names[1],
        "study_instance_uid": exam.study_instance_uid,
        "patient": {
            "name": exam.patient.name,
            "name_ideographic": exam.patient.name_ideographic,
            "id": exam.patient.id,
            "birth_date": exam.patient.birth_date,
            "sex": exam.patient.sex,
        },
        "modality": exam.modality,
        "body_part": exam.body_part,
        "study_description": exam.study_description,
        "accession_number": exam.accession_number,
        "study_time": exam.study_time,
        "priority": task.priority,
        "state": state,
        "due_at": task.due_at,
        "overdue": state not in (State.SIGNED, State.AMENDED) and task.due_at < now,
        "double_reading": task.double_reading,
        "claimed_by": _lease_json(lease),
        "ai": task.ai,
        "new_images": task.new_images,
        "report_id": task.report_id,
        "version": found.version,
        "trace_id": exam.trace_id,
    }


def report_json(opened: Opened, principal: Principal) -> dict[str, Any]:
    """A report: the working copy for its reader, the latest signed version for its requester."""
    working = opened.working if opened.task.reader_id == principal.organisation_id else None
    latest = opened.versions[-1] if opened.versions else None
    text, findings = _shown(working, latest)
    return {
        "id": opened.task.report_id,
        "task_id": opened.task.id,
        "exam_id": opened.task.exam_id,
        "organisation_id": opened.task.organisation_id,
        "state": opened.task.state,
        "new_images": opened.task.new_images,
        "ai": opened.task.ai,
        "version": latest.content.version if latest else 0,
        "etag": etag(working.edition if working else latest.content.version if latest else 0),
        "findings": [codec.shown(one) for one in findings],
        "offered": [
            codec.shown(ReviewedFinding(one)) for one in (working.offer.findings if working and working.offer else ())
        ],
        "is_offered": bool(working and working.offer),
        "key_image": {"sop_instance_uid": working.key_image.sop_instance_uid, "frame": working.key_image.frame}
        if working and working.key_image
        else None,
        "description": text.description,
        "impression": text.impression,
        "recommendation": text.recommendation,
        "critical": text.critical,
        "first_signed": {"display_name": working.first_signed.display_name, "at": working.first_signed.at}
        if working and working.first_signed
        else None,
        "versions": [version_json(one) for one in opened.versions],
    }


def _shown(working: Report | None, latest: Version | None) -> tuple[Text, tuple[ReviewedFinding, ...]]:
    if working is not None:
        return working.text, working.findings
    assert latest is not None, "the archive gives a requester nothing that is not signed"
    return latest.content.text, latest.content.findings


def version_json(version: Version) -> dict[str, Any]:
    """A signed version in a list."""
    content = version.content
    path = f"/api/reporting/v1/reports/{content.report_id}"
    return {
        "report_id": content.report_id,
        "version": content.version,
        "kind": content.kind,
        "exam_id": content.exam.exam_id,
        "study_instance_uid": content.exam.study_instance_uid,
        "signed_at": content.signed.at,
        "signed_by": content.signed.display_name,
        "critical": content.text.critical,
        "investigational": content.investigational,
        "impression": content.text.impression,
        "document_digest_sha256": version.document_digest_sha256,
        "pdf": f"{path}.pdf?version={content.version}",
        "dcm": f"{path}.dcm?version={content.version}",
    }


def etag(edition: int) -> str:
    return f'"{edition}"'


def _lease_json(lease: Lease | None) -> dict[str, Any] | None:
    return {"subject": lease.subject, "display_name": lease.display_name, "until": lease.until} if lease else None
