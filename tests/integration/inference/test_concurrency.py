"""Two workers with one exam: the exam's locked row lets one outcome stand; row level security keeps records apart."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from sonobridge.ingest.v1 import events_pb2 as ingest

import services.inference
from services.inference import outcome
from services.inference.model import Chosen, Mode, ModelCard, Plan, Rule, Skip
from services.inference.result import Result, Run, Silence, Source
from services.inference.service import Analyses
from services.shared.clock import SystemClock, uuid7
from services.shared.db import Database, Queries
from services.shared.events import Event
from services.shared.outbox import Outbox
from services.shared.settings import PostgresSettings
from tests.parts import Database as ScratchDatabase

CARD = ModelCard("head", "1.0.0", "", ("US",), ("*",), 8, "", "", "II", "")
PLAN = Plan((Chosen(CARD, Mode.TRIAL, "EC-1"),))


@pytest.fixture
async def db(migrated: ScratchDatabase) -> AsyncIterator[Database]:
    given = PostgresSettings(
        postgres_host=migrated.host,
        postgres_port=migrated.port,
        postgres_database=migrated.name,
        postgres_user="inference",
        postgres_password_file=migrated.password_file("inference"),
    )
    made = Database(given, "inference", Queries(Path(services.inference.__file__).parent / "queries.sql"))
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def analyses(db: Database) -> Analyses:
    return Analyses(db, Outbox("inference", "inference.v1", SystemClock()), SystemClock())


def exam_of(owner: UUID, reader: UUID) -> ingest.Exam:
    return ingest.Exam(
        exam_id=str(uuid4()),
        organisation_id=str(owner),
        study_instance_uid="1.2",
        revision=1,
        crossing=ingest.Crossing(agreement_id=str(uuid4()), agreement_version=1, reader_id=str(reader)),
    )


def event_of(exam: ingest.Exam) -> Event:
    return Event(
        uuid7(),
        "exam.completed",
        "/t",
        exam.exam_id,
        UUID(exam.organisation_id),
        datetime.now(UTC),
        exam.SerializeToString(),
    )


def result(frames: int) -> Result:
    run = Run("head", "1.0.0", "", Mode.TRIAL, "EC-1", "", frames, "nothing found", 0.1, images=1)
    silence = Silence("head", Source("1.2", "1.2.1", "1.2.840", "key", frames, 8, 8), "no_head", "No head.", "", frames)
    return Result((run,), (), silences=(silence,))


async def test_of_two_workers_the_first_record_stands_and_one_event_goes_out(analyses: Analyses, db: Database) -> None:
    owner, reader = uuid4(), uuid4()
    exam = exam_of(owner, reader)
    event = event_of(exam)
    one, two = await asyncio.gather(*(analyses.begin(event, exam, PLAN, "Asia/Shanghai") for _ in range(2)))
    assert one is not None
    assert two is not None
    assert one.analysis == two.analysis
    one, two = await analyses.record(one, result(5)), await analyses.record(two, result(6))
    assert one.result == two.result == result(5)
    bodies = [
        outcome.completed(exam, task.analysis.analysis_id, result(5), [], datetime.now(UTC)) for task in (one, two)
    ]
    ended = await asyncio.gather(analyses.finish(one, bodies[0]), analyses.finish(two, bodies[1]))
    assert sorted(ended) == [False, True]
    async with db.work("relay") as tx:
        waiting = [row for row in await tx.all("select_outbox", limit=100) if row["key"] == exam.exam_id]
    assert len(waiting) == 1
    assert await analyses.begin(event, exam, PLAN, "Asia/Shanghai") is None


async def test_a_revision_has_one_outcome_even_when_the_models_changed_meanwhile(analyses: Analyses) -> None:
    owner, reader = uuid4(), uuid4()
    exam = exam_of(owner, reader)
    task = await analyses.begin(event_of(exam), exam, PLAN, "")
    assert task is not None
    assert await analyses.begin(event_of(exam), exam, Skip(Rule.NO_CONSENT), "") is None
    task = await analyses.record(task, result(5))
    assert not await analyses.finish(
        task, outcome.completed(exam, task.analysis.analysis_id, result(5), [], datetime.now(UTC))
    )
    (found,) = await analyses.of_exam(owner, UUID(exam.exam_id))
    assert found.state.value == "skipped"


async def test_outcomes_are_seen_by_owner_and_reader_alone(analyses: Analyses) -> None:
    owner, reader = uuid4(), uuid4()
    exam = exam_of(owner, reader)
    await analyses.begin(event_of(exam), exam, Skip(Rule.NO_IMAGES), "")
    exam_id = UUID(exam.exam_id)
    assert len(await analyses.of_exam(owner, exam_id)) == 1
    assert len(await analyses.of_exam(reader, exam_id)) == 1
    assert await analyses.of_exam(uuid4(), exam_id) == []


async def test_recorded_results_are_nobodys_to_read_but_the_consumers(
    analyses: Analyses, migrated: ScratchDatabase
) -> None:
    owner = uuid4()
    exam = exam_of(owner, uuid4())
    task = await analyses.begin(event_of(exam), exam, PLAN, "")
    assert task is not None
    await analyses.record(task, result(5))
    with psycopg.connect(migrated.service("inference")) as connection:
        connection.execute("SELECT set_config('app.org', %s, true)", (str(owner),))
        for table in ("results", "shadow_differences", "exams"):
            assert connection.execute(f"SELECT count(*) FROM inference.{table}".encode()).fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM inference.analyses").fetchone() == (1,)
        connection.execute("SET LOCAL ROLE inference_consumer")
        assert connection.execute("SELECT count(*) FROM inference.results").fetchone() == (1,)
        connection.execute("SELECT set_config('app.org', %s, true)", (str(uuid4()),))
        assert connection.execute("SELECT count(*) FROM inference.results").fetchone() == (0,)


async def test_counts_are_seen_by_owner_and_reader_and_pins_by_their_owner_alone(
    db: Database, analyses: Analyses, migrated: ScratchDatabase
) -> None:
    owner, reader = uuid4(), uuid4()
    exam = exam_of(owner, reader)
    task = await analyses.begin(event_of(exam), exam, PLAN, "")
    assert task is not None
    await analyses.record(task, result(5))
    async with db.work("consumer", owner) as tx:
        await tx.run(
            "insert_model_version",
            organisation_id=owner, model="head", shown_version="1.0.0", shadow_version="2.0.0", previous_version="", revision=1,
        )  # fmt: skip

    def seen(whose: UUID, table: str) -> int:
        with psycopg.connect(migrated.service("inference")) as connection:
            connection.execute("SELECT set_config('app.org', %s, true)", (str(whose),))
            row = connection.execute(f"SELECT count(*) FROM inference.{table}".encode()).fetchone()
            assert row is not None
            return int(row[0])

    assert [seen(one, "model_tallies") for one in (owner, reader, uuid4())] == [1, 1, 0]
    assert [seen(one, "model_versions") for one in (owner, reader, uuid4())] == [1, 0, 0]
    assert [seen(one, "model_version_changes") for one in (owner, reader)] == [0, 0]
    with psycopg.connect(migrated.service("inference")) as connection:
        connection.execute("SELECT set_config('app.org', %s, true)", (str(owner),))
        with pytest.raises(
            psycopg.errors.InsufficientPrivilege
        ):  # who a hospital is shown what is the operator's to say
            connection.execute(
                b"INSERT INTO inference.model_versions (organisation_id, model, shown_version, revision)"
                b" VALUES (current_setting('app.org')::uuid, 'other', '9', 1)"
            )
