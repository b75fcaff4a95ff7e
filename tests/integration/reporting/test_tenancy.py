"""What is not yours does not exist; what is signed does not change."""

from uuid import UUID

import psycopg
import pytest
from sonobridge.inference.v1 import events_pb2 as inference
from sonobridge.ingest.v1 import events_pb2 as ingest

from services.reporting import metrics
from services.reporting.overdue import Watch
from services.shared.events import Event
from services.shared.kafka import Poison
from tests.integration.reporting.conftest import Service
from tests.integration.reporting.region import Region, draft_body, event
from tests.parts import Database as ScratchDatabase


@pytest.fixture
async def exam(region: Region) -> ingest.Exam:
    made = await region.exam()
    await region.handle(region.completed(made))
    await region.handle(region.analysed(made))
    return made


async def test_no_route_shows_anything_to_a_hospital_that_is_no_party(region: Region, exam: ingest.Exam) -> None:
    signed = await region.signed(exam)
    report, task = signed["id"], signed["task_id"]
    body = draft_body(signed)
    for method, path, payload in (
        ("GET", f"tasks/{task}", None),
        ("POST", f"tasks/{task}/claim", None),
        ("POST", f"tasks/{task}/renew", None),
        ("POST", f"tasks/{task}/release", None),
        ("GET", f"reports/{report}", None),
        ("GET", f"reports/{report}.pdf", None),
        ("GET", f"reports/{report}.dcm", None),
        ("PUT", f"reports/{report}/draft", body),
        ("POST", f"reports/{report}/offer/accept", None),
        ("POST", f"reports/{report}/offer/dismiss", None),
        ("POST", f"reports/{report}/sign", {"attestation": True}),
        ("POST", f"reports/{report}/addenda", body | {"attestation": True}),
    ):
        answer = await region.call(method, path, "stranger", payload)
        assert answer.status_code == 404, f"{method} {path}: {answer.text}"
    assert (await region.call("GET", "worklist", "stranger")).json()["items"] == []
    assert (await region.call("GET", f"reports?exam_id={exam.exam_id}", "stranger")).json()["items"] == []


async def test_the_requester_sees_the_status_at_once_and_the_report_once_signed(
    region: Region, exam: ingest.Exam
) -> None:
    line = await region.waiting(exam)
    assert (await region.call("GET", f"tasks/{line['id']}", "nurse")).json()["state"] == "unassigned"
    report = await region.drafted(await region.claimed(exam))
    assert (await region.call("GET", f"reports/{report['id']}", "nurse")).status_code == 404
    await region.call("POST", f"reports/{report['id']}/sign", body={"attestation": True})
    seen = (await region.call("GET", f"reports/{report['id']}", "nurse")).json()
    assert (seen["impression"], seen["version"], seen["offered"]) == ("头围符合孕周。", 1, [])
    assert (await region.call("GET", "worklist", "nurse")).status_code == 403
    assert (await region.call("POST", f"tasks/{line['id']}/claim", "nurse")).status_code == 403


async def test_without_a_token_there_is_401(region: Region) -> None:
    assert (await region.client.get("/api/reporting/v1/worklist")).status_code == 401


async def test_the_database_refuses_to_change_a_signed_version_even_for_its_owner(
    region: Region, exam: ingest.Exam, service: Service, migrated: ScratchDatabase
) -> None:
    signed = await region.signed(exam)
    with psycopg.connect(migrated.service("reporting"), autocommit=True) as connection:
        connection.execute("SELECT set_config('app.org', %s, false)", (str(region.centre.id),))
        seen = connection.execute(
            "SELECT count(*) FROM report_version WHERE report_id = %s", (signed["id"],)
        ).fetchone()
        assert seen == (1,)
        for statement in (
            "UPDATE report_version SET version = 9",
            "DELETE FROM report_version",
            "TRUNCATE report_version CASCADE",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    with psycopg.connect(migrated.owner) as connection:
        connection.execute("SET search_path = reporting")
        for table in ("report_version", *(f"report_version_{number}" for number in range(8))):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="write an addendum"):
                connection.execute(f"TRUNCATE {table} CASCADE".encode())
            connection.rollback()
            connection.execute("SET search_path = reporting")


async def test_rows_are_kept_apart_by_the_database_itself(
    region: Region, exam: ingest.Exam, migrated: ScratchDatabase
) -> None:
    await region.signed(exam)
    tables = ("exam", "task", "report", "report_version")
    seen: dict[str, tuple[int, ...]] = {}
    with psycopg.connect(migrated.service("reporting"), autocommit=True) as connection:
        for hospital in (region.clinic, region.centre, region.foreign):
            connection.execute("SELECT set_config('app.org', %s, false)", (str(hospital.id),))
            seen[hospital.alias.split("-")[0]] = tuple(
                row[0]
                for table in tables
                if (row := connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone())
            )
    assert seen == {"clinic": (1, 1, 0, 1), "centre": (1, 1, 1, 1), "foreign": (0, 0, 0, 0)}


async def test_an_analysis_that_another_hospital_claims_changes_nothing_of_the_exam(
    region: Region, exam: ingest.Exam
) -> None:
    line = await region.waiting(exam)
    stranger = region.foreign.id

    def failed(owner: UUID) -> Event:
        body = inference.AnalysisFailed(exam_id=exam.exam_id, organisation_id=str(owner), exam_revision=9)
        return event("analysis.failed", exam.exam_id, stranger, body)

    with pytest.raises(Poison):
        await region.handle(failed(region.clinic.id))
    await region.handle(failed(stranger))
    assert await region.waiting(exam) == line
    assert (await region.call("GET", "worklist", "stranger")).json()["items"] == []
    assert (await region.call("GET", f"reports?exam_id={exam.exam_id}", "stranger")).json()["items"] == []


async def test_every_object_lies_under_its_owner(region: Region, exam: ingest.Exam, service: Service) -> None:
    await region.signed(exam)
    keys = [one["path"] async for one in service.objects.list("")]
    reports = [key for key in keys if "/reports/" in key]
    assert len(reports) == 3
    assert all(UUID(key.split("/")[0]) == region.clinic.id for key in reports)


async def test_open_reports_are_counted_by_how_near_their_due_time_is(
    region: Region, exam: ingest.Exam, service: Service
) -> None:
    watch = Watch(service.db, service.clock)

    async def counted() -> dict[str, float]:
        await watch.count()
        return {one: metrics.OPEN_REPORTS.labels(one)._value.get() for one in ("overdue", "within_1h", "later")}

    before = await counted()
    urgent = await region.exam(priority="STAT")
    await region.handle(region.completed(urgent))
    assert (await counted())["within_1h"] == before["within_1h"] + 1
