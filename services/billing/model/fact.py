"""What billing takes from an event: identifiers, versions and dates, nothing about the patient."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.billing.model.agreement import ModelRun


@dataclass(frozen=True, slots=True)
class Crossing:
    """The agreement by which the exam went to a reader, as the event names it."""

    agreement_id: UUID
    agreement_version: int


@dataclass(frozen=True, slots=True)
class Fact:
    """Something an event said about an exam. `study_instance_uid` is None where the event does not carry it."""

    event_id: UUID
    type: str
    occurred_at: datetime
    organisation_id: UUID
    exam_id: UUID
    service_date: date
    trace_id: str
    study_instance_uid: str | None = None
    crossing: Crossing | None = None
    runs: tuple[ModelRun, ...] = ()
    detail: dict[str, Any] = field(default_factory=dict)
