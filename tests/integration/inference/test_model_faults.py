"""A model that answers rubbish, hangs or dies: it is named, the others are heard, and after repeated failures it is not asked."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sonobridge.directory.v1 import directory_pb2 as directory
from sonobridge.inference.v1 import events_pb2 as pb

from infra.local.kafka import Kafka
from infra.local.triton import Triton
from tests.fakes.oidc import FakeIssuer
from tests.integration.inference.conftest import staged
from tests.integration.inference.onnx_files import FILES
from tests.integration.inference.pictures import box, ultrasound
from tests.integration.inference.stage import Stage
from tests.integration.inference.workshop import MOODY, install, set_mood
from tests.parts import TEST_PARTITIONS, Database, Topics

pytestmark = pytest.mark.asyncio(loop_scope="module")

# What is wrong with each file, and the words by which a reader of the outcome learns it.
WORDS = {
    "not_a_number": "not numbers",
    "infinite": "not numbers",
    "wrong_shape": r"float32\[1, 19200\]",
    "wrong_type": "int32",
    "missing_output": "SAME",
}
# Agreement versions: one with `identity` beside each bad model, then one with the moody model alone, then with both.
VERSIONS = {name: number for number, name in enumerate(FILES, 1)}
ALONE, BESIDE = 11, 12


def permission(model: str) -> directory.ModelPermission:
    return directory.ModelPermission(model=model, mode=directory.GATE_MODE_TRIAL, ethics_protocol="EC-7")


class Ward:
    """A stage with a model whose mood the test sets."""

    def __init__(self, stage: Stage, moody: Path) -> None:
        self.stage, self.moody = stage, moody

    async def outcome(self, version: int) -> Any:
        """What becomes of a new exam under this version of the agreement."""
        exam = self.stage.exam((*ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3"), 1), version=version)
        await self.stage.complete(exam)
        (found,) = await self.stage.outcomes(exam.exam_id, seconds=60)
        return found

    async def condition(self) -> dict[str, Any]:
        models = (await self.stage.operate("GET", "models")).json()["items"]
        found: dict[str, Any] = next(one for one in models if one["name"] == "moody")["versions"][0]
        return found

    async def well_again(self) -> None:
        """The model answers well, and an exam has shown that."""
        set_mood(self.moody, "well")
        for _ in range(60):
            if isinstance(await self.outcome(ALONE), pb.AnalysisCompleted):
                return
            await asyncio.sleep(0.5)
        raise AssertionError("the model is not asked again")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ward(
    migrated: Database, kafka: Kafka, triton: Triton, issuer: FakeIssuer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Ward]:
    assert triton.further is not None
    for name, file in FILES.items():
        install(triton.further, name, weights=file, kind="TYPE_FP32")
    moody = install(triton.further, "moody", weights=MOODY.encode(), kind="TYPE_FP32")
    set_mood(moody, "well")
    install(triton.further, "steady")
    topics = Topics(kafka.bootstrap, f"t{uuid.uuid4().hex}.")
    kafka.create_topics(topics.prefix, TEST_PARTITIONS)
    folder = tmp_path_factory.mktemp("stage")
    settings = {
        "triton_deadline_seconds": 3,
        "triton_patience_seconds": 4,
        "model_failures": 2,
        "model_pause_seconds": 3,
    }
    async with staged(migrated, topics, triton, issuer, triton.further, folder, **settings) as made:
        for name, version in VERSIONS.items():
            await made.agree(permission("steady"), permission(name), version=version)
        await made.agree(permission("moody"), version=ALONE)
        await made.agree(permission("steady"), permission("moody"), version=BESIDE)
        await made.appoint_operator()
        await made.start()
        yield Ward(made, moody)


@pytest.mark.parametrize("name", FILES)
async def test_an_answer_that_cannot_be_is_named_and_the_other_model_is_heard(ward: Ward, name: str) -> None:
    done = await ward.outcome(VERSIONS[name])
    runs = {run.model.name: run for run in done.runs}
    assert runs["steady"].outcome == "findings"
    assert runs[name].outcome == "failed"
    assert re.search(WORDS[name], runs[name].reason), runs[name].reason
    assert {finding.model.name for finding in done.findings} == {"steady"}


@pytest.mark.parametrize(
    ("mood", "words"), [("rubbish", "not numbers"), ("hangs", "within 3 s"), ("dies", "stub|Stub|healthy|crash")]
)
async def test_a_model_that_fails_again_and_again_is_taken_out_and_comes_back_when_it_is_well(
    ward: Ward, mood: str, words: str
) -> None:
    await ward.well_again()
    set_mood(ward.moody, mood)
    first = await ward.outcome(ALONE)
    assert isinstance(first, pb.AnalysisFailed)
    assert first.model == "moody"
    assert re.search(words, first.reason), first.reason
    beside = await ward.outcome(BESIDE)
    assert {run.model.name: run.outcome for run in beside.runs} == {"moody": "failed", "steady": "findings"}
    for _ in range(8):  # trials that fail make the pause longer, so that one of these finds the model out
        out = await ward.outcome(BESIDE)
        reasons = {run.model.name: run.reason for run in out.runs}
        assert {run.model.name: run.outcome for run in out.runs} == {"moody": "failed", "steady": "findings"}
        if "taken out" in reasons["moody"]:
            break
    else:
        raise AssertionError(f"it is asked on and on: {reasons}")
    condition = await ward.condition()
    assert condition["state"] in ("taken_out", "on_trial")
    assert condition["again_at"] > condition["taken_out_at"]
    health = (await ward.stage.operate("GET", "health")).json()
    assert "moody" in health["models"]
    await ward.well_again()
    assert (await ward.condition())["state"] == "in_service"
    assert (await ward.stage.operate("GET", "health")).json()["models"] == "ok"
