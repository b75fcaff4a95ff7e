"""Killed anywhere, and without Triton: one outcome all the same, and the exam goes on."""

import os
import signal
from pathlib import Path

import grpc
import psutil
import pytest

from infra.local.triton import start_triton
from tests.integration.inference.pictures import box, ultrasound
from tests.integration.inference.stage import TRIAL, Stage


def one_image() -> tuple[str, bytes, int]:
    return (*ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3"), 1)


@pytest.mark.parametrize(
    "point",
    [
        "inference.started",
        "inference.recorded",
        "inference.stored",
        "inference.finished",
        "consumer.handled",
        "relay.published",
    ],
)
async def test_killed_at_any_point_there_is_one_outcome_and_one_document(stage: Stage, point: str) -> None:
    await stage.agree(TRIAL)
    await stage.start()
    exam = stage.exam(one_image(), study_instance_uid="1.2.9")
    stage.crash_file.write_text(point)
    await stage.complete(exam)
    assert await stage.died() == -signal.SIGKILL
    await stage.start()
    found = await stage.outcomes(exam.exam_id, seconds=60, settle=3)
    assert len({one.SerializeToString() for one in found}) == 1
    assert len(found) == (
        2 if point == "relay.published" else 1
    )  # the relay may send an event again; its id is the same
    assert found[0].sop_instance_uids == list(stage.ingest.stored_for[exam.exam_id])
    assert stage.rows(f"SELECT count(*) FROM inference.analyses WHERE exam_id = '{exam.exam_id}'") == [(1,)]


async def test_without_triton_the_exam_goes_on_and_the_next_one_has_ai(stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "own-triton"
    folder.mkdir()
    await stage.agree(TRIAL)
    with start_triton(folder) as server:
        stage.variables["SONOBRIDGE_TRITON_GRPC"] = server.grpc
        await stage.start()
        before = stage.exam(one_image(), study_instance_uid="1.2.9")
        await stage.complete(before)
        assert (await stage.outcomes(before.exam_id))[0].runs[0].outcome == "findings"
    without, behind = stage.exam(one_image()), stage.exam(one_image())
    await stage.complete(without)
    await stage.complete(behind)
    failed = (await stage.outcomes(without.exam_id, seconds=30))[0]
    assert failed.model == "identity"
    assert failed.reason
    assert (await stage.outcomes(behind.exam_id, seconds=10))[0].model == "identity"  # it does not wait anew
    with start_triton(folder):  # the same ports, empty
        after = stage.exam(one_image(), study_instance_uid="1.2.9")
        await stage.complete(after)
        assert (await stage.outcomes(after.exam_id, seconds=40))[0].runs[0].outcome == "findings"
        again = await stage.outcomes(without.exam_id, settle=1)
        assert len(again) == 1  # the exam that went on without AI stays so


async def test_a_crashed_model_process_is_mended_within_the_exam(stage: Stage) -> None:
    await stage.agree(TRIAL)
    await stage.start()
    first = stage.exam(one_image(), study_instance_uid="1.2.9")
    await stage.complete(first)
    await stage.outcomes(first.exam_id)
    stubs = [
        process
        for process in psutil.process_iter(["cmdline"])
        if any("triton_python_backend_stub" in part for part in process.info["cmdline"] or ())
        and any("identity" in part for part in process.info["cmdline"] or ())
        and _descends_from_us(process)
    ]
    assert stubs
    for stub in stubs:
        os.kill(stub.pid, signal.SIGKILL)
    second = stage.exam(one_image(), study_instance_uid="1.2.9")
    await stage.complete(second)
    assert (await stage.outcomes(second.exam_id, seconds=40))[0].runs[0].outcome == "findings"


def _descends_from_us(process: psutil.Process) -> bool:
    return os.getpid() in {parent.pid for parent in process.parents()}


async def test_while_ingest_is_away_the_result_waits_and_is_not_inferred_again(stage: Stage) -> None:
    await stage.agree(TRIAL)
    await stage.start()
    stage.ingest.refusal = (grpc.StatusCode.UNAVAILABLE, "Unavailable")
    exam = stage.exam(one_image(), study_instance_uid="1.2.9")
    await stage.complete(exam)
    with pytest.raises(AssertionError, match="0 outcomes"):
        await stage.outcomes(exam.exam_id, seconds=4)
    assert stage.rows(f"SELECT state FROM inference.analyses WHERE exam_id = '{exam.exam_id}'") == [("inferred",)]
    stage.ingest.refusal = None
    assert (await stage.outcomes(exam.exam_id))[0].findings


async def test_a_document_that_the_study_refuses_lets_the_exam_go_on_without_ai(stage: Stage) -> None:
    await stage.agree(TRIAL)
    await stage.start()
    stage.ingest.refusal = (grpc.StatusCode.INVALID_ARGUMENT, "Invalid")
    exam = stage.exam(one_image(), study_instance_uid="1.2.9")
    await stage.complete(exam)
    (failed,) = await stage.outcomes(exam.exam_id)
    assert "does not take the document" in failed.reason
