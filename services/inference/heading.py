"""What a document says of itself, and the UIDs that derive from its analysis."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from services.inference.model import derived_uid
from services.inference.result import Group


@dataclass(frozen=True, slots=True)
class Heading:
    """Which analysis, when (the requester's local time), by which software."""

    analysis_id: uuid.UUID
    exam_revision: int
    content_time: datetime
    software_version: str


def series_uid(analysis_id: uuid.UUID) -> str:
    """The series of an analysis' documents."""
    return derived_uid("sr-series", analysis_id)


def instance_uid(analysis_id: uuid.UUID) -> str:
    """The document of an analysis; the same however often it is written."""
    return derived_uid("sr", analysis_id)


def seg_series_uid(analysis_id: uuid.UUID) -> str:
    return derived_uid("seg-series", analysis_id)


def seg_uid(analysis_id: uuid.UUID, group: Group) -> str:
    """The outline of a group."""
    source = group.source.sop_instance_uid
    return derived_uid("seg", analysis_id, group.model, source, group.frame, group.number)


def keynote_series_uid(analysis_id: uuid.UUID) -> str:
    return derived_uid("keynote-series", analysis_id)


def keynote_uid(analysis_id: uuid.UUID) -> str:
    """The key-object note of an analysis."""
    return derived_uid("keynote", analysis_id)


def tracking_uid(analysis_id: uuid.UUID, group: Group) -> str:
    """The TrackingUniqueIdentifier of a group."""
    further = (group.number,) if group.number else ()
    return derived_uid("tracking", analysis_id, group.model, group.source.sop_instance_uid, group.frame, *further)
