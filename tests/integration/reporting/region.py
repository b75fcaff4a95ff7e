"""Two hospitals that have an agreement, one that has none, and the events that other services would send."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from sonobridge.directory.v1 import directory_pb2 as directory
from sonobridge.directory.v1 import events_pb2 as directory_events
from sonobridge.inference.v1 import events_pb2 as inference
from sonobridge.ingest.v1 import events_pb2 as ingest

from services.shared.events import Event
from services.shared.objects import ObjectStore
from services.shared.tenancy import object_key
from tests.fakes.oidc import FakeIssuer
from tests.integration.reporting.picture import SOP_CLASS, head_image

Handle = Callable[[Event], Awaitable[None]]
TRIAL = directory.GATE_MODE_TRIAL


class FakeClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.instant = datetime.now(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self.instant

    def forward(self, by: timedelta) -> None:
        self.instant += by


def event(type: str, key: str, organisation_id: UUID, body: Message, at: datetime | None = None) -> Event:
    return Event(
        id=uuid4(),
        type=type,
        source="/sonobridge/test",
        key=key,
        organisation_id=organisation_id,
        time=at or datetime.now(UTC),
        body=body.SerializeToString(),
    )


@dataclass(frozen=True)
class Hospital:
    id: UUID
    alias: str
    name_zh: str


@dataclass
class Region:
    """Calls the service under test over HTTP, and hands it events."""

    client: httpx.AsyncClient
    issuer: FakeIssuer
    apply: Handle  # a change of the directory
    handle: Handle  # an event of ingest or inference
    objects: ObjectStore
    clock: FakeClock
    clinic: Hospital = field(default_factory=lambda: _hospital("clinic", "青溪县人民医院"))
    centre: Hospital = field(default_factory=lambda: _hospital("centre", "东江市中心医院"))
    foreign: Hospital = field(default_factory=lambda: _hospital("foreign", "西岭市医院"))
    agreement_id: UUID = field(default_factory=uuid4)

    async def found(self, reading: directory.Reading = directory.READING_SINGLE) -> None:
        """The directory tells of the hospitals, their people and the agreement."""
        for hospital in (self.clinic, self.centre, self.foreign):
            await self._tell(
                f"organisation/{hospital.id}",
                hospital.id,
                organisation=directory.Organisation(
                    id=str(hospital.id),
                    alias=hospital.alias,
                    name_zh=hospital.name_zh,
                    name_en=f"{hospital.alias.split('-')[0]} hospital",
                    time_zone="Asia/Shanghai",
                    unified_social_credit_code="12330000MB1234567A",
                    active=True,
                    revision=1,
                ),
            )
        await self.member(self.clinic, "nurse", "clinic_staff")
        await self.member(self.centre, "expert", "expert")
        await self.member(self.centre, "second", "expert")
        await self.member(self.centre, "manager", "quality_manager")
        await self.member(self.foreign, "stranger", "expert", "clinic_staff", "quality_manager")
        await self.agree(1, reading)

    async def agree(self, version: int, reading: directory.Reading = directory.READING_SINGLE) -> None:
        await self._tell(
            f"agreement/{self.agreement_id}/{version}",
            self.clinic.id,
            agreement=directory.Agreement(
                id=str(self.agreement_id),
                version=version,
                requester_id=str(self.clinic.id),
                reader_id=str(self.centre.id),
                valid_from="2026-01-01",
                services=[directory.Service(modality="US", body_part="*")],
                turnarounds=[
                    directory.Turnaround(priority="ROUTINE", duration=Duration(seconds=4 * 3600)),
                    directory.Turnaround(priority="STAT", duration=Duration(seconds=1800)),
                ],
                reading=reading,
                consent_attested=True,
                currency="CNY",
                number="HT-2026-001",
                revision=version,
            ),
        )

    async def member(self, hospital: Hospital, name: str, *roles: str) -> None:
        subject = f"{name}-{hospital.alias}"
        await self._tell(
            f"membership/{uuid5(hospital.id, name)}",
            hospital.id,
            membership=directory.Membership(
                id=str(uuid5(hospital.id, name)),
                organisation_id=str(hospital.id),
                subject=subject,
                username=name,
                display_name=f"{name} 医师",
                roles=roles,
                active=True,
                revision=1,
            ),
        )

    def headers(self, hospital: Hospital, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.issuer.token(f'{name}-{hospital.alias}', hospital.alias)}"}

    async def call(
        self, method: str, path: str, who: str = "expert", body: Any = None, **headers: str
    ) -> httpx.Response:
        """A request as one of the region's people."""
        hospital = {"nurse": self.clinic, "stranger": self.foreign}.get(who, self.centre)
        path = path if path.startswith("/") else f"/api/reporting/v1/{path}"
        return await self.client.request(method, path, json=body, headers=self.headers(hospital, who) | headers)

    async def exam(self, **changes: Any) -> ingest.Exam:
        """An exam of the clinic with one stored picture, not told of yet."""
        exam_id, study = uuid4(), f"2.25.{uuid4().int}"
        data, sop = head_image(study)
        key = object_key(self.clinic.id, "test", f"{sop}.dcm")
        await self.objects.put(key, data)
        exam = ingest.Exam(
            exam_id=str(exam_id),
            organisation_id=str(self.clinic.id),
            study_instance_uid=study,
            accession_number="A1",
            patient=ingest.Patient(
                name="Wang^Xiaodong", name_ideographic="王^小东", id="P1", birth_date="1994-05-06", sex="F"
            ),
            modality="US",
            body_part="HEAD",
            study_description="胎儿超声",
            study_time="2026-03-04T10:20:00",
            priority="ROUTINE",
            service_date="2026-03-04",
            revision=1,
            coverage=ingest.COVERAGE_CROSSES,
            crossing=ingest.Crossing(
                agreement_id=str(self.agreement_id), agreement_version=1, reader_id=str(self.centre.id)
            ),
            instances=[
                ingest.InstanceReference(
                    series_instance_uid=f"{study}.1",
                    sop_instance_uid=sop,
                    sop_class_uid=SOP_CLASS,
                    transfer_syntax_uid="1.2.840.10008.1.2.1",
                    modality="US",
                    number_of_frames=1,
                    rows=480,
                    columns=640,
                    object_key=key,
                    size_bytes=len(data),
                    instance_number=1,
                )
            ],
            consent_recorded=True,
            trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        )
        exam.first_instance_at.FromDatetime(self.clock.now())
        for name, value in changes.items():
            setattr(exam, name, value)
        return exam

    def completed(self, exam: ingest.Exam) -> Event:
        body = ingest.ExamCompleted(exam=exam)
        return event("exam.completed", exam.exam_id, self.clinic.id, body, self.clock.now())

    def amended(self, exam: ingest.Exam, *added: str) -> Event:
        body = ingest.ExamAmended(exam=exam, added_sop_instance_uids=added)
        return event("exam.amended", exam.exam_id, self.clinic.id, body, self.clock.now())

    def analysed(self, exam: ingest.Exam, *, head_mm: float = 265.3, revision: int = 1) -> Event:
        anchor = inference.Anchor(
            series_instance_uid=exam.instances[0].series_instance_uid,
            sop_instance_uid=exam.instances[0].sop_instance_uid,
            first_frame=1,
            last_frame=1,
            contour=[inference.Point(column=c, row=r) for c, r in ((200, 150), (320, 90), (440, 150), (320, 340))],
        )
        model = inference.ModelReference(name="fetal_head", version="1.0.0", mode=TRIAL, digest_sha256="ab" * 32)

        def finding(code: str, meaning: str, value: float, unit: str) -> inference.Finding:
            return inference.Finding(
                finding_id=str(uuid5(UUID(exam.exam_id), f"{code}{revision}{value}")),
                code=inference.Code(value=code, scheme="LN", meaning=meaning),
                measurement=inference.Measurement(
                    value=value, unit=unit, lower=value - 2, upper=value + 2, method="ellipse"
                ),
                anchor=anchor,
                certainty_percent=97,
                model=model,
                tracking_uid=f"2.25.{uuid5(UUID(exam.exam_id), code).int}",
            )

        body = inference.AnalysisCompleted(
            analysis_id=str(uuid5(UUID(exam.exam_id), str(revision))),
            exam_id=exam.exam_id,
            organisation_id=exam.organisation_id,
            exam_revision=revision,
            findings=[
                finding("11984-2", "Fetal Head Circumference", head_mm, "mm"),
                finding("11820-8", "Biparietal Diameter", 73.2, "mm"),
            ],
            investigational=True,
            crossing=exam.crossing,
            key_sop_instance_uid=exam.instances[0].sop_instance_uid,
            key_frame=1,
        )
        return event("analysis.completed", exam.exam_id, self.clinic.id, body)

    def not_analysed(self, exam: ingest.Exam, outcome: str) -> Event:
        kinds = {"skipped": inference.AnalysisSkipped, "failed": inference.AnalysisFailed}
        body = kinds[outcome](exam_id=exam.exam_id, organisation_id=exam.organisation_id, exam_revision=exam.revision)
        if isinstance(body, inference.AnalysisFailed):
            body.model, body.reason = "view", "it hangs"
        return event(f"analysis.{outcome}", exam.exam_id, self.clinic.id, body)

    async def waiting(self, exam: ingest.Exam) -> dict[str, Any]:
        """The exam's line in the expert's worklist."""
        return (await self.listed(exam))[0]

    async def listed(self, exam: ingest.Exam, query: str = "") -> list[dict[str, Any]]:
        answer = (await self.call("GET", f"worklist{query}")).raise_for_status().json()
        return [one for one in answer["items"] if one["exam_id"] == exam.exam_id]

    async def claimed(self, exam: ingest.Exam, who: str = "expert") -> dict[str, Any]:
        """Claim the exam; its report as the expert then sees it."""
        line = await self.waiting(exam)
        (await self.call("POST", f"tasks/{line['id']}/claim", who)).raise_for_status()
        found: dict[str, Any] = (await self.call("GET", f"reports/{line['report_id']}", who)).raise_for_status().json()
        return found

    async def drafted(self, report: dict[str, Any], who: str = "expert") -> dict[str, Any]:
        """Accept the first finding, correct the others, write a text."""
        answer = await self.call("PUT", f"reports/{report['id']}/draft", who, draft_body(report))
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    async def signed(self, exam: ingest.Exam) -> dict[str, Any]:
        """The whole way from the worklist to the signature."""
        report = await self.drafted(await self.claimed(exam))
        answer = await self.call("POST", f"reports/{report['id']}/sign", body={"attestation": True})
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    async def _tell(self, key: str, organisation_id: UUID, **entity: Any) -> None:
        body = directory_events.DirectoryChanged(**entity)
        await self.apply(event("directory.changed", key, organisation_id, body))


def draft_body(report: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Accepts the first finding and corrects the others."""
    findings = [
        {"finding_id": one["finding_id"], "state": "accepted"}
        if number == 0
        else {"finding_id": one["finding_id"], "state": "corrected", "corrected_value": one["value"] + 1}
        for number, one in enumerate(report["findings"])
    ]
    return {
        "findings": findings,
        "description": "胎头呈椭圆形。",
        "impression": "头围符合孕周。",
        "recommendation": "四周后复查。",
    } | changes


def _hospital(name: str, name_zh: str) -> Hospital:
    identity = uuid4()
    return Hospital(identity, f"{name}-{identity.hex[:8]}", name_zh)
