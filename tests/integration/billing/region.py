"""A small region for billing's tests: hospitals, one agreement, and the events that other services would send."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4, uuid5

from google.protobuf.message import Message
from sonobridge.directory.v1 import directory_pb2 as pb
from sonobridge.directory.v1 import events_pb2
from sonobridge.inference.v1 import events_pb2 as inference_pb2
from sonobridge.ingest.v1 import events_pb2 as ingest_pb2
from sonobridge.reporting.v1 import events_pb2 as reporting_pb2

from services.shared.directory_copy import DirectoryCopy
from services.shared.events import Event

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
TRACE = "0af7651916cd43dd8448eb211c80319c"
MODEL = "fetal_head"


@dataclass
class Region:
    """Its own ids, so that tests of one database do not meet."""

    seed: UUID = field(default_factory=uuid4)

    def id(self, name: str) -> UUID:
        return uuid5(self.seed, name)

    @property
    def clinic(self) -> UUID:
        return self.id("clinic")

    @property
    def centre(self) -> UUID:
        return self.id("centre")

    @property
    def platform(self) -> UUID:
        return self.id("platform")

    @property
    def agreement_id(self) -> UUID:
        return self.id("agreement")

    def organisations(self) -> list[pb.Organisation]:
        names = {
            "clinic": ("清河县人民医院", "Qinghe County People's Hospital"),
            "centre": ("省立中心医院", "Provincial Central Hospital"),
            "platform": ("声桥平台", "SonoBridge"),
            "stranger": ("外地医院", "Stranger Hospital"),
        }
        return [
            pb.Organisation(
                id=str(self.id(name)),
                alias=f"{name}-{self.seed.hex[:6]}",
                name_zh=zh,
                name_en=en,
                time_zone="Asia/Shanghai",
                platform=name == "platform",
                active=True,
                revision=1,
            )
            for name, (zh, en) in names.items()
        ]

    def agreement(self, version: int = 1, valid_from: str = "2026-01-01", reading: int = 8000) -> pb.Agreement:
        report, analysis = pb.BILLABLE_EVENT_REPORT_SIGNED, pb.BILLABLE_EVENT_ANALYSIS_COMPLETED
        return pb.Agreement(
            id=str(self.agreement_id),
            version=version,
            requester_id=str(self.clinic),
            reader_id=str(self.centre),
            valid_from=valid_from,
            currency="CNY",
            number="2026-QH-01",
            revision=version,
            price_items=[
                pb.PriceItem(
                    code="reading",
                    description_zh="超声远程诊断",
                    description_en="Remote ultrasound reading",
                    billable_event=report,
                    payer=pb.PARTY_REQUESTER,
                    payee=pb.PARTY_READER,
                    tiers=[
                        pb.Tier(up_to=2, unit_amount_minor=reading),
                        pb.Tier(up_to=4, unit_amount_minor=reading - 2000),
                        pb.Tier(unit_amount_minor=reading - 3000),
                    ],
                ),
                pb.PriceItem(
                    code="platform",
                    description_zh="平台服务",
                    description_en="Platform service",
                    billable_event=report,
                    payer=pb.PARTY_READER,
                    payee=pb.PARTY_PLATFORM,
                    tiers=[pb.Tier(unit_amount_minor=500)],
                ),
                pb.PriceItem(
                    code="ai.fetal_head",
                    description_zh="胎儿头部测量",
                    description_en="Fetal head measurement",
                    billable_event=analysis,
                    model=MODEL,
                    payer=pb.PARTY_REQUESTER,
                    payee=pb.PARTY_PLATFORM,
                    tiers=[pb.Tier(unit_amount_minor=300)],
                ),
            ],
        )

    async def publish(self, directory: DirectoryCopy) -> None:
        """Put the region into a copy of the directory."""
        for one in self.organisations():
            await directory.apply(changed(f"organisation/{one.id}", organisation=one))
        await self.publish_agreement(directory, self.agreement())

    async def publish_agreement(self, directory: DirectoryCopy, version: pb.Agreement) -> None:
        await directory.apply(changed(f"agreement/{version.id}/{version.version}", agreement=version))

    def crossing(self, version: int = 1) -> ingest_pb2.Crossing:
        return ingest_pb2.Crossing(
            agreement_id=str(self.agreement_id), agreement_version=version, reader_id=str(self.centre)
        )

    def exam_completed(self, exam: UUID, service_date: str) -> Event:
        return event(
            "exam.completed",
            self.clinic,
            exam,
            ingest_pb2.ExamCompleted(
                exam=ingest_pb2.Exam(
                    exam_id=str(exam),
                    organisation_id=str(self.clinic),
                    study_instance_uid=study_uid(exam),
                    service_date=service_date,
                    revision=1,
                    trace_id=TRACE,
                    patient=ingest_pb2.Patient(name="Zhang^San", name_ideographic="张^三", id="P1"),
                )
            ),
        )

    def report_signed(self, exam: UUID, service_date: str, version: int = 1, agreement_version: int = 1) -> Event:
        message = reporting_pb2.ReportSigned(
            report_id=str(uuid5(exam, "report")),
            version=version,
            exam_id=str(exam),
            organisation_id=str(self.clinic),
            reader_id=str(self.centre),
            crossing=self.crossing(agreement_version),
            service_date=service_date,
            trace_id=TRACE,
            study_instance_uid=study_uid(exam),
        )
        message.signed_at.FromDatetime(NOW + timedelta(minutes=version))
        return event("report.signed", self.clinic, exam, message)

    def analysis_completed(
        self,
        exam: UUID,
        service_date: str,
        revision: int = 1,
        outcome: str = "findings",
        mode: "pb.GateMode" = pb.GATE_MODE_TRIAL,
        crosses: bool = True,
    ) -> Event:
        message = inference_pb2.AnalysisCompleted(
            analysis_id=str(uuid5(exam, f"analysis/{revision}")),
            exam_id=str(exam),
            organisation_id=str(self.clinic),
            exam_revision=revision,
            runs=[
                inference_pb2.ModelRun(
                    model=inference_pb2.ModelReference(name=MODEL, version="1", mode=mode), frames=1, outcome=outcome
                )
            ],
            crossing=self.crossing() if crosses else None,
            service_date=service_date,
            trace_id=TRACE,
        )
        return event("analysis.completed", self.clinic, exam, message)


def study_uid(exam: UUID) -> str:
    return f"2.25.{exam.int}"


def event(type: str, organisation: UUID, exam: UUID, body: Message) -> Event:
    return Event(
        id=uuid4(),
        type=type,
        source="/sonobridge/test",
        key=str(exam),
        organisation_id=organisation,
        time=NOW,
        body=body.SerializeToString(),
        traceparent=f"00-{TRACE}-00f067aa0ba902b7-01",
    )


def changed(key: str, **entity: Message) -> Event:
    body = events_pb2.DirectoryChanged(**entity)  # type: ignore[arg-type]
    return Event(uuid4(), "directory.changed", "/sonobridge/directory", key, UUID(int=0), NOW, body.SerializeToString())
