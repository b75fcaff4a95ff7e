"""What a model answers, and what is refused of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from services.inference.codes import BENIGN, FROZEN, NATURE, QUALITY_FINDING
from services.inference.decode import Header
from services.inference.frames import BELOW_THRESHOLD, read_clip, see, weigh
from services.inference.model import (
    ClipObservation,
    Code,
    Evaluation,
    Measurement,
    ModelCard,
    Observation,
    Refusal,
    Scope,
)
from services.inference.patience import Patience, PatientTriton
from services.inference.regions import Calibration, Region
from services.inference.registry import InstalledModel
from services.inference.sector import Sector
from services.inference.triton import Away, ModelFault, Outputs, Signature, Triton, TritonAway

CARD = ModelCard("head", "1", "", ("US",), ("*",), 8, "", "", "II", "")
WHOLE = Region(0, 0, 19, 9, 1, 1, 3, 3, 0.05, 0.05)
HEADER = Header(2, 10, 20, Calibration(10, 20, (WHOLE,), (), None, ""))
FRAMES = np.zeros((2, 10, 20), np.uint8)


class Square:
    """A model's reading: a square where the output is positive, as long as the output says."""

    def read(self, outputs: Mapping[str, NDArray[Any]], rows: int, columns: int) -> Observation | Refusal:
        size = float(outputs["size"])
        if size == 0:
            return Refusal("nothing", "nothing there")
        return Observation(90.0, Code("1", "SCT", "head"), ((0.0, 0.0), (size, 0.0), (size, size)))

    def measure(self, observation: Observation, spacing_mm: tuple[float, float]) -> tuple[Measurement, ...]:
        length = observation.contour[1][0] * spacing_mm[1]
        return (Measurement(Code("2", "LN", "length"), length, "mm", length, 1 / (7.0 - length) * 1e9, "edge"),)


class Answers:
    """A server that always gives the same."""

    def __init__(self, *sizes: float) -> None:
        self._outputs = {"size": np.array(sizes, np.float32)}

    async def infer(self, model: str, frames: NDArray[np.uint8]) -> Outputs:
        return self._outputs


MODEL = InstalledModel(CARD, Square(), {})


WHOLE_FRAME = Sector(0, 0, 10, 20)


async def test_frames_are_numbered_measured_and_refused_by_reason() -> None:
    read = await see(Answers(0, 4), MODEL, HEADER, [7, 8], FRAMES, WHOLE_FRAME)
    (seen,) = read.seen
    assert seen.frames == (8,)
    assert seen.reading.measurements[0].value == pytest.approx(2.0)
    assert {why.reason: count for why, count in read.nothing.items()} == {"nothing there": 1}


@pytest.mark.parametrize("size", [float("nan"), float("inf")])
async def test_what_is_not_a_number_is_refused_naming_the_model(size: float) -> None:
    with pytest.raises(ModelFault, match="head: the observation"):
        await see(Answers(1, size), MODEL, HEADER, [1, 2], FRAMES, WHOLE_FRAME)


async def test_a_postprocess_that_fails_is_the_models_fault() -> None:
    with pytest.raises(ModelFault, match="head: the output cannot be interpreted"):
        # it divides by zero at 7 mm
        await see(Answers(14, 14), MODEL, HEADER, [1, 2], FRAMES, WHOLE_FRAME)


async def test_what_is_seen_in_a_cut_is_told_in_pixels_of_the_image() -> None:
    read = await see(Answers(0, 4), MODEL, HEADER, [1, 2], FRAMES, Sector(2, 3, 10, 20))
    assert read.seen[0].reading.observation.contour == ((3.0, 2.0), (7.0, 2.0), (7.0, 6.0))


async def test_what_lies_below_the_cards_threshold_is_nothing_found() -> None:
    strict = replace(MODEL, card=replace(CARD, thresholds={"finding": 95.0}))
    read = await see(Answers(4, 4), strict, HEADER, [1, 2], FRAMES, WHOLE_FRAME)
    assert read.seen == []
    assert read.nothing == {BELOW_THRESHOLD: 2}


def test_an_answer_below_its_threshold_cannot_be_judged() -> None:
    card = replace(CARD, thresholds={"nature": 70.0})
    unsure = Evaluation(NATURE, BENIGN, 60.0)
    weighed = weigh(card, Observation(90.0, evaluations=(unsure, replace(unsure, certainty_percent=80.0))))
    assert weighed is not None
    assert [one.answer for one in weighed.evaluations] == [None, BENIGN]
    assert weighed.evaluations[0].why


class Frozen:
    """A clip model: the frames whose outputs repeat."""

    def read_clip(
        self, outputs: Mapping[int, Mapping[str, NDArray[Any]]], rows: int, columns: int
    ) -> list[ClipObservation] | Refusal:
        sizes = [float(one["size"]) for one in outputs.values()]
        repeated = tuple(n for n, size in zip(outputs, sizes, strict=True) if sizes.count(size) > 1)
        answer = Observation(100.0, evaluations=(Evaluation(QUALITY_FINDING, FROZEN),))
        return [ClipObservation(answer, repeated)] if repeated else Refusal("lively", "Every frame is new.")


def test_a_clip_model_answers_for_all_its_frames_together() -> None:
    model = InstalledModel(replace(CARD, scope=Scope.CLIP), Frozen(), {})
    sizes = {3: {"size": np.float32(1)}, 2: {"size": np.float32(1)}, 4: {"size": np.float32(5)}}
    read = read_clip(model, HEADER, sizes, WHOLE_FRAME)  # type: ignore[arg-type]
    assert [one.frames for one in read.seen] == [(2, 3)]
    lively = read_clip(model, HEADER, {4: sizes[4]}, WHOLE_FRAME)  # type: ignore[dict-item]
    assert [(why.name, count) for why, count in lively.nothing.items()] == [("lively", 1)]


PROMISE = Signature(
    "image", True, {"mask": (np.dtype(np.uint8), (-1, 4, 6)), "presence": (np.dtype(np.float32), (-1, 1))}
)
GOOD: dict[str, NDArray[Any]] = {"mask": np.zeros((2, 4, 6), np.uint8), "presence": np.zeros((2, 1), np.float32)}


def test_outputs_as_promised_pass() -> None:
    PROMISE.check("head", 2, GOOD)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"mask": np.zeros((2, 4, 7), np.uint8)}, "mask is uint8"),
        ({"mask": np.zeros((2, 4, 6), np.float32)}, "mask is float32"),
        ({"mask": np.zeros((1, 4, 6), np.uint8)}, "mask is uint8"),
        ({"presence": np.full((2, 1), np.nan, np.float32)}, "presence holds values that are not numbers"),
    ],
)
def test_outputs_of_another_shape_type_or_not_numbers_are_refused(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(ModelFault, match=f"head: the output {why}"):
        PROMISE.check("head", 2, GOOD | changed)


def test_a_missing_output_is_refused() -> None:
    with pytest.raises(ModelFault, match="presence is missing"):
        PROMISE.check("head", 2, {"mask": GOOD["mask"]})


def test_an_outage_is_waited_for_once_and_a_new_phase_of_it_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("services.inference.patience.time.monotonic", lambda: now[0])
    patience = Patience(10)
    assert not patience.spent("head", Away.UNREACHABLE)
    now[0] = 11
    assert patience.spent("head", Away.UNREACHABLE)  # the exam that waited
    assert patience.spent("head", Away.UNREACHABLE)  # the ones behind it do not wait
    assert not patience.spent("head", Away.NOT_SERVING)
    patience.recovered("head")
    assert not patience.spent("head", Away.UNREACHABLE)


def test_an_outage_of_the_server_is_waited_for_once_for_all_its_models(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("services.inference.patience.time.monotonic", lambda: now[0])
    patience = Patience(10)
    assert not patience.spent("view", Away.UNREACHABLE)
    now[0] = 11
    assert patience.spent("head", Away.UNREACHABLE)
    patience.recovered("head")
    now[0] = 100
    assert not patience.spent("view", Away.UNREACHABLE)  # a new outage
    assert not patience.spent("head", Away.SLOW)
    now[0] = 111
    assert not patience.spent("liver", Away.SLOW)  # a slow model says nothing of another one


async def test_a_server_that_is_not_there_is_given_up_within_the_patience() -> None:
    triton = Triton("127.0.0.1:1", ["head"])
    patient = PatientTriton(triton, Patience(0.3), pause_seconds=0.05)
    with pytest.raises(TritonAway) as caught:
        await patient.infer("head", FRAMES)
    assert caught.value.away is Away.UNREACHABLE
    await triton.close()


async def test_a_port_that_listens_without_answering_is_given_up_too() -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    triton = Triton(f"127.0.0.1:{port}", ["head"], deadline_seconds=0.2)
    patient = PatientTriton(triton, Patience(0.2), pause_seconds=0.05)
    with pytest.raises(TritonAway):
        async with asyncio.timeout(60):
            await patient.infer("head", FRAMES)
    await triton.close()
    server.close()
