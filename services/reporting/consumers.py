"""Events of ingest and inference, decoded and handed to the intake."""

from typing import TypeVar
from uuid import UUID

from sonobridge.inference.v1 import events_pb2 as inference_pb
from sonobridge.ingest.v1 import events_pb2 as ingest_pb

from services.reporting.service import Intake
from services.shared.events import Event
from services.shared.kafka import Poison

TOPICS = ("ingest.v1", "inference.v1")
Analysis = TypeVar(
    "Analysis", inference_pb.AnalysisCompleted, inference_pb.AnalysisSkipped, inference_pb.AnalysisFailed
)


class Handler:
    """One event, one use case. Raises Poison for an event that can never be used; a type that is not ours is passed over."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def __call__(self, event: Event) -> None:
        try:
            await self._dispatch(event)
        except ValueError as error:
            raise Poison(f"{event.type}: an identifier or a date in it cannot be read: {error}") from error

    async def _dispatch(self, event: Event) -> None:
        match event.type:
            case "exam.completed":
                await self._intake.exam(event, event.decode(ingest_pb.ExamCompleted).exam, added=False)
            case "exam.amended":
                amended = event.decode(ingest_pb.ExamAmended)
                await self._intake.exam(event, amended.exam, added=bool(amended.added_sop_instance_uids))
            case "analysis.completed":
                done = _own(event, event.decode(inference_pb.AnalysisCompleted))
                await self._intake.analysis(event, UUID(done.exam_id), done.exam_revision, "completed", done)
            case "analysis.skipped":
                skipped = _own(event, event.decode(inference_pb.AnalysisSkipped))
                await self._intake.analysis(event, UUID(skipped.exam_id), skipped.exam_revision, "skipped")
            case "analysis.failed":
                failed = _own(event, event.decode(inference_pb.AnalysisFailed))
                await self._intake.analysis(event, UUID(failed.exam_id), failed.exam_revision, "failed", failed)


def _own(event: Event, analysis: Analysis) -> Analysis:
    """The analysis, if its exam is of the organisation that the event names. Raises Poison."""
    if analysis.organisation_id != str(event.organisation_id):
        raise Poison("the analysis is of an exam of another organisation than the event names")
    return analysis
