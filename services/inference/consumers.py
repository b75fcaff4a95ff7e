"""Events in: decode, call the analyst or the count of reviews."""

from uuid import UUID

from sonobridge.ingest.v1 import events_pb2 as pb
from sonobridge.reporting.v1 import events_pb2 as reporting

from services.inference.analyst import Analyst
from services.inference.quality import Quality
from services.shared.events import Event
from services.shared.kafka import Handler, Poison

TOPICS = ("ingest.v1", "reporting.v1")


def handler(analyst: Analyst, quality: Quality) -> Handler:
    """The handler of ingest's and reporting's topics; types that are not about inference are passed over."""

    async def handle(event: Event) -> None:
        match event.type:
            case "exam.completed":
                await analyst.analyse(event, event.decode(pb.ExamCompleted).exam)
            case "exam.amended":
                await analyst.analyse(event, event.decode(pb.ExamAmended).exam)
            case "report.signed":
                signed = event.decode(reporting.ReportSigned)
                await quality.signed(event, _exam_id(signed), signed)

    return handle


def _exam_id(signed: reporting.ReportSigned) -> UUID:
    try:
        return UUID(signed.exam_id)
    except ValueError:
        raise Poison("the report names no exam") from None
