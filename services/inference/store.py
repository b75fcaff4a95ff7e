"""All SQL of inference: exams, analyses, results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.inference import result as results
from services.inference.drift import Tally
from services.inference.model import State, advance
from services.inference.result import Result
from services.inference.shadow import Difference
from services.shared.db import Transaction


@dataclass(frozen=True, slots=True)
class Analysis:
    """One analysis as it stands."""

    analysis_id: UUID
    exam_id: UUID
    exam_revision: int
    state: State
    started_at: datetime
    content_time: datetime  # the requester's local time, naive, as DICOM has it


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished analysis, for those who may see it."""

    analysis_id: UUID
    exam_id: UUID
    organisation_id: UUID
    exam_revision: int
    state: State
    started_at: datetime
    finished_at: datetime
    body: bytes  # of the event


async def note_exam(
    tx: Transaction,
    organisation_id: UUID,
    exam_id: UUID,
    study_instance_uid: str,
    revision: int,
    reader_id: UUID | None,
    scanner: str,
) -> int:
    """Note and lock the exam; its newest known revision."""
    row = await tx.one(
        "upsert_exam",
        organisation_id=organisation_id,
        exam_id=exam_id,
        study_instance_uid=study_instance_uid,
        revision=revision,
        reader_id=reader_id,
        scanner=scanner,
    )
    return int(row["revision"]) if row else revision


async def lock_exam(tx: Transaction, organisation_id: UUID, exam_id: UUID) -> None:
    await tx.one("lock_exam", organisation_id=organisation_id, exam_id=exam_id)


async def has_outcome(tx: Transaction, organisation_id: UUID, exam_id: UUID, revision: int) -> bool:
    """Whether the revision's analysis has ended."""
    row = await tx.one("select_outcome", organisation_id=organisation_id, exam_id=exam_id, exam_revision=revision)
    return row is not None


async def start(
    tx: Transaction,
    organisation_id: UUID,
    analysis_id: UUID,
    exam_id: UUID,
    revision: int,
    reader_id: UUID | None,
    at: datetime,
    content_time: datetime,
    versions: Mapping[str, tuple[str, str]],
) -> Analysis:
    """The analysis, begun now or earlier; what was recorded then stays."""
    await tx.run(
        "start_analysis",
        organisation_id=organisation_id,
        analysis_id=analysis_id,
        exam_id=exam_id,
        exam_revision=revision,
        reader_id=reader_id,
        started_at=at,
        content_time=content_time,
        versions=Jsonb(versions),
    )
    return await analysis(tx, organisation_id, analysis_id)


async def analysis(tx: Transaction, organisation_id: UUID, analysis_id: UUID) -> Analysis:
    row = await tx.one("select_analysis", organisation_id=organisation_id, analysis_id=analysis_id)
    if row is None:
        raise LookupError(f"the analysis {analysis_id} was never started")
    return Analysis(
        row["analysis_id"],
        row["exam_id"],
        row["exam_revision"],
        State(row["state"]),
        row["started_at"],
        row["content_time"],
    )


async def move(
    tx: Transaction,
    organisation_id: UUID,
    seen: Analysis,
    to: State,
    finished_at: datetime | None = None,
    outcome: bytes | None = None,
) -> None:
    """Move the analysis on; the exam's row is locked. Raises IllegalTransition."""
    touched = await tx.run(
        "set_state",
        organisation_id=organisation_id,
        analysis_id=seen.analysis_id,
        seen=seen.state.value,
        state=advance(seen.state, to).value,
        finished_at=finished_at,
        outcome=outcome,
    )
    if touched != 1:
        raise LookupError(f"the analysis {seen.analysis_id} is no longer {seen.state}")


async def completed_before(tx: Transaction, organisation_id: UUID, seen: Analysis) -> list[tuple[UUID, bytes]]:
    """The exam's completed analyses of earlier revisions with their events' bodies, the latest first."""
    rows = await tx.all(
        "list_completed_before",
        organisation_id=organisation_id,
        exam_id=seen.exam_id,
        exam_revision=seen.exam_revision,
    )
    return [(row["analysis_id"], bytes(row["outcome"])) for row in rows]


async def record_result(
    tx: Transaction, organisation_id: UUID, analysis_id: UUID, result: Result, at: datetime
) -> None:
    await tx.run(
        "insert_result",
        organisation_id=organisation_id,
        analysis_id=analysis_id,
        result=Jsonb(result, dumps=results.dump),
        recorded_at=at,
    )


async def recorded_result(tx: Transaction, organisation_id: UUID, analysis_id: UUID) -> Result:
    row = await tx.one("select_result_text", organisation_id=organisation_id, analysis_id=analysis_id)
    if row is None:
        raise LookupError(f"the analysis {analysis_id} has no recorded result")
    return results.load(row["result"])


async def note_differences(
    tx: Transaction, organisation_id: UUID, analysis_id: UUID, differences: tuple[Difference, ...]
) -> None:
    for difference in differences:
        await tx.run(
            "insert_shadow_difference",
            organisation_id=organisation_id,
            analysis_id=analysis_id,
            model=difference.model,
            against=difference.against,
            against_version=difference.against_version,
            code=difference.code,
            meaning=difference.meaning,
            sop_instance_uid=difference.sop_instance_uid,
            shadow_value=difference.shadow_value,
            shown_value=difference.shown_value,
            unit=difference.unit,
            shadow_answer=difference.shadow_answer,
            shown_answer=difference.shown_answer,
            disagrees=difference.disagrees,
        )


async def count(
    tx: Transaction, organisation_id: UUID, reader_id: UUID, scanner: str, day: date, tallies: Counter[Tally]
) -> None:
    """Add to the day's counts; always in one order, so that two exams never wait for each other in a circle."""
    await tx.run_many(
        "add_tally",
        [
            {
                "organisation_id": organisation_id,
                "day": day,
                "model": tally.model,
                "version": tally.version,
                "scanner": scanner,
                "reader_id": reader_id,
                "shown": tally.shown,
                "measure": tally.measure.value,
                "bin": tally.bin,
                "count": number,
            }
            for tally, number in sorted(tallies.items())
        ],
    )


async def outcomes(tx: Transaction, exam_id: UUID) -> list[Outcome]:
    """The exam's finished analyses, the latest revision first; none when the caller neither owns nor reads it."""
    return [_outcome(row) for row in await tx.all("list_outcomes", exam_id=exam_id)]


async def outcome(tx: Transaction, analysis_id: UUID) -> Outcome | None:
    row = await tx.one("select_outcome_by_id", analysis_id=analysis_id)
    return _outcome(row) if row else None


def _outcome(row: dict[str, Any]) -> Outcome:
    return Outcome(
        row["analysis_id"],
        row["exam_id"],
        row["organisation_id"],
        row["exam_revision"],
        State(row["state"]),
        row["started_at"],
        row["finished_at"],
        bytes(row["outcome"]),
    )
