"""An exam: one study of one organisation, its states and what lets it cross to a reader."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo


class State(StrEnum):
    """Where an exam is on its way in."""

    RECEIVING = "receiving"
    COMPLETED = "completed"
    AMENDED = "amended"


class Coverage(StrEnum):
    """Whether the exam crosses to a reader."""

    CROSSES = "crosses"
    NO_AGREEMENT = "no_agreement"
    NO_CONSENT = "no_consent"


class Fact(StrEnum):
    """What can happen to an exam that is settled."""

    TOLD_OR_QUIET = "told_or_quiet"
    LATE_OR_RECROSSED = "late_or_recrossed"


# The whole table: (state, fact) -> next state.
TRANSITIONS = {
    (State.RECEIVING, Fact.TOLD_OR_QUIET): State.COMPLETED,
    (State.COMPLETED, Fact.LATE_OR_RECROSSED): State.AMENDED,
    (State.AMENDED, Fact.LATE_OR_RECROSSED): State.AMENDED,
}

PRIORITIES = ("ROUTINE", "URGENT", "STAT")

# Late instances often come several at a time: they amend the exam once, this long after the last of them.
AMENDMENT_QUIET = timedelta(seconds=3)
DEFAULT_QUIET = timedelta(minutes=5)

# Modalities that describe other instances rather than image the patient (PS3.3 C.7.3.1.1.1): they do not name the exam's modality.
NOT_IMAGING = frozenset(("SR", "PR", "KO", "SEG", "DOC", "OT", "FID", "REG", "RWV", "PLAN"))


@dataclass(frozen=True)
class Agreement:
    """What ingest needs to know of the agreement version in force."""

    id: UUID
    version: int
    reader_id: UUID
    consent_attested: bool
    trial_consent_attested: bool


@dataclass(frozen=True)
class Crossing:
    """The outcome of asking whether an exam crosses."""

    coverage: Coverage
    agreement: Agreement | None = None

    @property
    def reader_id(self) -> UUID | None:
        return self.agreement.reader_id if self.agreement else None


@dataclass(frozen=True)
class Exam:
    """An exam as its row has it. `attributes` are study-level, in DICOM JSON."""

    id: UUID
    organisation_id: UUID
    study_instance_uid: str
    state: State
    revision: int
    priority: str
    service_date: date
    first_instance_at: datetime
    last_instance_at: datetime
    modality: str
    body_part: str
    attributes: dict[str, Any]
    instances: int
    frames: int
    coverage: Coverage
    agreement_id: UUID | None
    agreement_version: int | None
    reader_id: UUID | None
    remote_reading_consent: bool | None  # None: nothing recorded on the exam itself
    trial_consent: bool | None
    consent_recorded: bool
    trial_consent_recorded: bool
    report_state: str
    trace_id: str
    character_set_declared: str
    character_set_detected: str


def local_date(instant: datetime, time_zone: str) -> date:
    """The day of `instant` in an IANA time zone."""
    return instant.astimezone(ZoneInfo(time_zone)).date()


def crossing(agreement: Agreement | None, recorded: bool | None) -> Crossing:
    """Whether an exam crosses: an agreement in force, and consent recorded on the exam or, if it says nothing, attested there."""
    if agreement is None:
        return Crossing(Coverage.NO_AGREEMENT)
    consented = recorded if recorded is not None else agreement.consent_attested
    return Crossing(Coverage.CROSSES, agreement) if consented else Crossing(Coverage.NO_CONSENT)


def crossed(exam: Exam, found: Crossing, agreement: Agreement | None) -> Exam:
    """The exam with what is now known about its crossing and consents."""
    return replace(
        exam,
        coverage=found.coverage,
        agreement_id=found.agreement.id if found.agreement else None,
        agreement_version=found.agreement.version if found.agreement else None,
        reader_id=found.reader_id,
        consent_recorded=_recorded(exam.remote_reading_consent, agreement is not None and agreement.consent_attested),
        trial_consent_recorded=_recorded(
            exam.trial_consent, agreement is not None and agreement.trial_consent_attested
        ),
    )


def settle(exam: Exam, found: Crossing, agreement: Agreement | None, late_instances: bool) -> Exam | None:
    """The exam after it was told complete, was quiet, or something about it changed; None when nothing is to be told."""
    now = crossed(exam, found, agreement)
    if exam.state is State.RECEIVING:
        return replace(now, state=TRANSITIONS[exam.state, Fact.TOLD_OR_QUIET], revision=1)
    if now == exam and not late_instances:
        return None
    return replace(now, state=TRANSITIONS[exam.state, Fact.LATE_OR_RECROSSED], revision=exam.revision + 1)


def missing(exam: Exam) -> list[str]:
    """What still keeps the exam from being read, as codes the console has words for."""
    patient = patient_of(exam.attributes)
    gaps = {
        "completion": exam.state is State.RECEIVING,
        "agreement": exam.coverage is Coverage.NO_AGREEMENT,
        "consent": exam.coverage is Coverage.NO_CONSENT,
        "patient_id": not patient["id"],
        "patient_name": not (patient["name"] or patient["name_ideographic"]),
        "images": exam.frames == 0,
    }
    return [name for name, gap in gaps.items() if gap]


def names_exam(modality: str) -> bool:
    """Whether an instance of this modality says what kind of exam it is."""
    return bool(modality) and modality not in NOT_IMAGING


def patient_of(attributes: dict[str, Any]) -> dict[str, str]:
    """The patient as the study's attributes have them; dates in ISO 8601."""
    name = first(attributes, "00100010") or {}
    return {
        "name": name.get("Alphabetic", "") if isinstance(name, dict) else "",
        "name_ideographic": name.get("Ideographic", "") if isinstance(name, dict) else "",
        "id": text(attributes, "00100020"),
        "birth_date": iso_date(text(attributes, "00100030")),
        "sex": text(attributes, "00100040"),
    }


def first(attributes: dict[str, Any], tag: str) -> Any:
    """The first value of an attribute in DICOM JSON, or None."""
    values = attributes.get(tag, {}).get("Value")
    return values[0] if values else None


def text(attributes: dict[str, Any], tag: str) -> str:
    """The first value as text, empty when there is none."""
    value = first(attributes, tag)
    return "" if value is None or isinstance(value, dict) else str(value).strip()


def person_name(attributes: dict[str, Any], tag: str) -> str:
    """A PN in its own notation: the component groups joined by "="."""
    value = first(attributes, tag)
    if not isinstance(value, dict):
        return ""
    groups = [value.get(group, "") for group in ("Alphabetic", "Ideographic", "Phonetic")]
    return "=".join(groups).rstrip("=")


def iso_date(value: str) -> str:
    """A DA (PS3.5 6.2; also the retired form with points) as ISO 8601; empty when it is none."""
    digits = value.replace(".", "")
    try:
        return datetime.strptime(digits, "%Y%m%d").date().isoformat() if len(digits) == 8 else ""
    except ValueError:
        return ""


def sortable_time(value: str) -> str:
    """A TM (PS3.5 6.2) as HHMMSS.FFFFFF, so that text order is time order; empty when it is none."""
    digits, _, fraction = value.replace(":", "").partition(".")
    if not digits.isdigit() or len(digits) > 6:
        return ""
    return digits.ljust(6, "0") + "." + fraction[:6].ljust(6, "0")


def study_time(attributes: dict[str, Any]) -> str:
    """Study Date and Time as an ISO 8601 local date-time; empty when unknown."""
    day, clock = iso_date(text(attributes, "00080020")), sortable_time(text(attributes, "00080030"))
    if not day or not clock:
        return day
    return f"{day}T{clock[:2]}:{clock[2:4]}:{clock[4:6]}"


def _recorded(on_exam: bool | None, attested: bool) -> bool:
    return on_exam if on_exam is not None else attested
