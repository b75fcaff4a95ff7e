"""Events in: decode, call the analyst."""

from sonobridge.ingest.v1 import events_pb2 as pb

from services.inference.analyst import Analyst
from services.shared.events import Event
from services.shared.kafka import Handler

TOPICS = ("ingest.v1",)


def exams(analyst: Analyst) -> Handler:
    """The handler of ingest's topic; types that are not about inference are passed over."""

    async def handle(event: Event) -> None:
        match event.type:
            case "exam.completed":
                await analyst.analyse(event, event.decode(pb.ExamCompleted).exam)
            case "exam.amended":
                await analyst.analyse(event, event.decode(pb.ExamAmended).exam)

    return handle
