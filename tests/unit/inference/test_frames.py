"""What a model answers, and what is refused of it."""

import asyncio
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from services.inference.decode import Header
from services.inference.frames import read_frames
from services.inference.model import Code, Measurement, ModelCard, Outline
from services.inference.patience import Patience, PatientTriton
from services.inference.regions import Calibration, Region
from services.inference.registry import InstalledModel
from services.inference.triton import Away, ModelFault, Outputs, Signature, Triton, TritonAway

CARD = ModelCard("head", "1", "", ("US",), ("*",), 8, "", "", "II", "")
WHOLE = Region(0, 0, 19, 9, 1, 1, 3, 3, 0.05, 0.05)
HEADER = Header(2, 10, 20, Calibration(10, 20, (WHOLE,), (), None, ""))
FRAMES = np.zeros((2, 10, 20), np.uint8)


class Square:
    """A model's reading: a square where the output is positive, as long as the output says."""

    def outline(self, outputs: Mapping[str, NDArray[Any]], rows: int, columns: int) -> Outline | None:
        size = float(outputs["size"])
        if size == 0:
            return None
        return Outline(90.0, Code("1", "SCT", "head"), ((0.0, 0.0), (size, 0.0), (size, size)))

    def refusal(self, outputs: Mapping[str, NDArray[Any]], rows: int, columns: int) -> str:
        return "nothing there"

    def measure(self, outline: Outline, spacing_mm: tuple[float, float]) -> tuple[Measurement, ...]:
        length = outline.contour[1][0] * spacing_mm[1]
        return (Measurement(Code("2", "LN", "length"), length, "mm", length, 1 / (7.0 - length) * 1e9, "edge"),)


class Answers:
    """A server that always gives the same."""

    def __init__(self, *sizes: float) -> None:
        self._outputs = {"size": np.array(sizes, np.float32)}

    async def infer(self, model: str, frames: NDArray[np.uint8]) -> Outputs:
        return self._outputs


MODEL = InstalledModel(CARD, Square(), {})


async def test_frames_are_numbered_measured_and_refused_by_reason() -> None:
    read = await read_frames(Answers(0, 4), MODEL, HEADER, 7, FRAMES)
    assert list(read.readings) == [8]
    assert read.readings[8].measurements[0].value == pytest.approx(2.0)
    assert read.nothing == {"nothing there": 1}


@pytest.mark.parametrize("size", [float("nan"), float("inf")])
async def test_what_is_not_a_number_is_refused_naming_the_model(size: float) -> None:
    with pytest.raises(ModelFault, match="head: the outline"):
        await read_frames(Answers(1, size), MODEL, HEADER, 1, FRAMES)


async def test_a_postprocess_that_fails_is_the_models_fault() -> None:
    with pytest.raises(ModelFault, match="head: the output cannot be interpreted"):
        await read_frames(Answers(14, 14), MODEL, HEADER, 1, FRAMES)  # it divides by zero at 7 mm


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
