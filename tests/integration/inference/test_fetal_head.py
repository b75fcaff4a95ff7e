"""The served head model on the real Triton: a drawn head of known size is found and measured, an empty picture is not."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest

import services.inference
from infra.local.triton import Triton as Server
from infra.local.triton import start_triton
from services.inference import simulator
from services.inference.decode import Grey, Header
from services.inference.frames import FramesRead, see
from services.inference.model import FrameReading
from services.inference.patience import Patience, PatientTriton
from services.inference.regions import Calibration, Region
from services.inference.registry import InstalledModel, read_models
from services.inference.sector import Sector
from services.inference.triton import Triton


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with start_triton(tmp_path_factory.mktemp("triton")) as made:
        yield made


@pytest.fixture(scope="module")
def head() -> InstalledModel:
    return read_models(Path(services.inference.__file__).parent / "models")["fetal_head"]


@pytest.fixture
async def patient(server: Server) -> AsyncIterator[PatientTriton]:
    triton = Triton(server.grpc, ["fetal_head"], deadline_seconds=60)
    yield PatientTriton(triton, Patience(60))  # it loads the model itself
    await triton.close()


def header(image: simulator.SimulatedImage) -> Header:
    rows, columns = image.pixels.shape
    centimetres = image.spacing_mm / 10
    region = Region(0, 0, columns - 1, rows - 1, 1, 1, 3, 3, centimetres, centimetres)
    return Header(1, rows, columns, Calibration(rows, columns, (region,), (), None, ""))


async def look(
    patient: PatientTriton, head: InstalledModel, image: simulator.SimulatedImage, first: int, frames: Grey
) -> FramesRead:
    numbers = range(first, first + len(frames))
    return await see(patient, head, header(image), numbers, frames, Sector(0, 0, *image.pixels.shape))


def readings(read: FramesRead) -> dict[int, FrameReading]:
    return {one.frames[0]: one.reading for one in read.seen}


async def test_heads_of_known_size_are_measured(head: InstalledModel, patient: PatientTriton) -> None:
    errors = []
    for seed in range(900, 908):
        image = simulator.draw(seed, hc_mm=150.0 + 20 * (seed - 900))
        read = await look(patient, head, image, 1, image.pixels[np.newaxis])
        if readings(read):
            figures = {one.code.value: one for one in readings(read)[1].measurements}
            assert {"11984-2", "11820-8", "11851-3"} <= set(figures)
            assert figures["11820-8"].method.startswith("outer to outer")
            errors.append(abs(figures["11984-2"].value / image.hc_mm - 1))
    assert len(errors) >= 6
    assert sorted(errors)[len(errors) // 2] < 0.03


async def test_a_black_picture_shows_no_head_and_says_so(head: InstalledModel, patient: PatientTriton) -> None:
    image = simulator.SimulatedImage(np.zeros((400, 600), np.uint8), 0.3, None)
    read = await look(patient, head, image, 1, image.pixels[np.newaxis])
    assert readings(read) == {}
    assert [why.reason for why in read.nothing] == ["No fetal head in the standard plane is seen."]


async def test_a_clip_goes_through_in_one_call(head: InstalledModel, patient: PatientTriton) -> None:
    image = simulator.draw(901, shape=(480, 330), hc_mm=200.0)
    clip = np.stack([image.pixels, np.zeros_like(image.pixels), image.pixels])
    read = await look(patient, head, image, 5, clip)
    assert 6 not in readings(read)
    if readings(read):
        assert set(readings(read)) == {5, 7}
        assert readings(read)[5] == readings(read)[7]
