"""What billing hears: exams, analyses and reports."""

from collections.abc import Awaitable, Callable

from sonobridge.inference.v1 import events_pb2 as inference_pb2
from sonobridge.ingest.v1 import events_pb2 as ingest_pb2
from sonobridge.reporting.v1 import events_pb2 as reporting_pb2

from services.billing import decode
from services.billing.model.agreement import Unbillable
from services.billing.service.recording import Recorder
from services.shared.events import Event
from services.shared.kafka import Poison

TOPICS = ("ingest.v1", "inference.v1", "reporting.v1")


def handler(recorder: Recorder) -> Callable[[Event], Awaitable[None]]:
    """Takes one event in. Types that mean no money are passed over."""

    async def handle(event: Event) -> None:
        try:
            match event.type:
                case "exam.completed":
                    await recorder.exam(event, decode.exam(event, event.decode(ingest_pb2.ExamCompleted).exam))
                case "exam.amended":
                    await recorder.exam(event, decode.exam(event, event.decode(ingest_pb2.ExamAmended).exam))
                case "analysis.completed":
                    message = event.decode(inference_pb2.AnalysisCompleted)
                    await recorder.analysis(event, decode.analysis(event, message))
                case "report.signed":
                    await recorder.report(event, decode.report(event, event.decode(reporting_pb2.ReportSigned)))
        except Unbillable as error:
            raise Poison(str(error)) from error

    return handle
