"""What ingest hears from the other services."""

from uuid import UUID

from sonobridge.reporting.v1 import events_pb2 as reporting

from services.ingest.service.exams import Exams
from services.shared.directory_copy import DirectoryCopy
from services.shared.events import Event
from services.shared.kafka import Handler, Poison

REPORTING_TOPIC = "reporting.v1"


def of_directory(copy: DirectoryCopy, exams: Exams) -> Handler:
    """Keeps the copy, and has exams looked at again that a new agreement may cover."""

    async def handle(event: Event) -> None:
        await copy.apply(event)
        await exams.directory_changed(event)

    return handle


def of_reporting(exams: Exams) -> Handler:
    """Shows the clinic that its report is there."""

    async def handle(event: Event) -> None:
        if event.type != "report.signed":
            return  # a newer service may tell of more
        signed = event.decode(reporting.ReportSigned)
        try:
            exam_id = UUID(signed.exam_id)
        except ValueError:
            raise Poison("the report names no exam") from None
        await exams.report_signed(event, exam_id, signed.version)

    return handle
