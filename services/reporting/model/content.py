"""What a signed report says: one immutable value, from which PDF, SR, FHIR and the event are all made."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.reporting.model.findings import Finding, ReviewedFinding, investigational
from services.shared.errors import Invalid

ATTESTATION_ZH = "本人已亲自阅读本次检查的全部图像，对本报告内容负责。"
ATTESTATION_EN = "I have read all images of this exam myself and answer for what this report says."
INVESTIGATIONAL_ZH = "本报告使用了处于临床试验阶段、尚未获批的人工智能软件的结果，仅供研究，所有结果均经专家审核。"
INVESTIGATIONAL_EN = (
    "Investigational: this report contains results of AI software that is under clinical trial and not approved for "
    "clinical use. An expert has reviewed every one of them."
)


class Kind(StrEnum):
    REPORT = "report"
    ADDENDUM = "addendum"


@dataclass(frozen=True)
class Text:
    """What the expert writes."""

    description: str = ""
    impression: str = ""
    recommendation: str = ""
    critical: bool = False


@dataclass(frozen=True)
class Patient:
    name: str
    name_ideographic: str
    id: str
    birth_date: str
    sex: str


@dataclass(frozen=True)
class Hospital:
    id: str
    name_zh: str
    name_en: str
    unified_social_credit_code: str
    time_zone: str  # IANA name


@dataclass(frozen=True)
class ExamFacts:
    """The exam as it was when the report was signed."""

    exam_id: str
    study_instance_uid: str
    accession_number: str
    modality: str
    body_part: str
    study_description: str
    study_time: str
    service_date: str
    revision: int
    priority: str
    referring_physician: str
    trace_id: str
    agreement_id: str
    agreement_number: str
    agreement_version: int


@dataclass(frozen=True)
class Signature:
    subject: str
    display_name: str
    at: datetime


@dataclass(frozen=True)
class FirstReading:
    """Double reading: what the first of the two experts signed. It stays as it was, whatever the second makes of the draft."""

    signature: Signature
    findings: tuple[ReviewedFinding, ...]
    text: Text


@dataclass(frozen=True)
class Content:
    """One version of a report, whole: an addendum restates what it adds to."""

    report_id: str
    version: int
    kind: Kind
    exam: ExamFacts
    patient: Patient
    requester: Hospital
    reader: Hospital
    findings: tuple[ReviewedFinding, ...]
    text: Text
    signed: Signature
    first_signed: Signature | None = None  # double reading: the first of the two
    instances: tuple[str, ...] = field(default=())  # SOP instance UIDs that the expert had before them
    hints: tuple[Finding, ...] = ()  # view and quality of the images, from which the draft's first words came

    @property
    def investigational(self) -> bool:
        return investigational(self.findings, self.hints)


def require_attested(attestation: bool) -> None:
    """Raises Invalid unless the expert attests the reading."""
    if not attestation:
        raise Invalid("signing needs the attestation: " + ATTESTATION_EN)


def require_text(text: Text) -> None:
    """A report without an impression says nothing. Raises Invalid."""
    if not text.impression.strip():
        raise Invalid("write an impression before signing")
