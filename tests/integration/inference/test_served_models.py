"""Every installed model serves in Triton, and what it answers to pictures of any kind is read without a fault."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

import services.inference
from infra.local.triton import Triton as Server
from infra.local.triton import start_triton
from services.inference import simulator
from services.inference.decode import Grey, Header
from services.inference.frames import ask, read_clip, read_frames
from services.inference.model import Scope
from services.inference.patience import Patience, PatientTriton
from services.inference.regions import Calibration
from services.inference.registry import read_model
from services.inference.sector import cut, find
from services.inference.triton import Triton

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOLDERS = {
    card.parent.name: card.parent
    for card in sorted((Path(services.inference.__file__).parent / "models").glob("*/card.yaml"))
    if list(card.parent.glob("1/*.onnx"))
}
RNG = np.random.default_rng(3)
PICTURES: dict[str, Grey] = {
    "a drawn head": simulator.draw(5, shape=(448, 336), hc_mm=220.0).pixels[np.newaxis],
    "black": np.zeros((1, 480, 640), np.uint8),
    "white": np.full((1, 300, 300), 255, np.uint8),
    "noise in a clip": RNG.integers(0, 256, (5, 240, 320), np.uint8),
    "very small": RNG.integers(0, 256, (1, 24, 17), np.uint8),
    "large and narrow": RNG.integers(0, 256, (1, 1400, 300), np.uint8),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with start_triton(tmp_path_factory.mktemp("triton")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def patient(server: Server) -> AsyncIterator[PatientTriton]:
    triton = Triton(server.grpc, list(FOLDERS), deadline_seconds=60)
    yield PatientTriton(triton, Patience(60))  # it loads the models itself
    await triton.close()


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
async def test_a_model_answers_and_its_answer_is_read(folder: Path, picture: Grey, patient: PatientTriton) -> None:
    model = read_model(folder)
    assert model is not None
    sector = find(picture)
    frames = cut(picture, sector)
    count, rows, columns = picture.shape
    header = Header(count, rows, columns, Calibration(rows, columns, (), (), (0.2, 0.2), ""))
    answers = await ask(patient, model, range(1, count + 1), frames)
    is_clip = model.card.scope is Scope.CLIP
    read = (read_clip if is_clip else read_frames)(model, header, answers, sector)
    assert len(read.seen) or read.nothing
    for seen in read.seen:
        assert set(seen.frames) <= set(range(1, count + 1))


async def test_the_server_is_ready_while_it_loads_a_model(tmp_path: Path) -> None:
    with start_triton(tmp_path) as server:
        loading = asyncio.create_task(asyncio.to_thread(server.load, "fetal_head"))
        while not loading.done():
            await asyncio.to_thread(server.check)
            await asyncio.sleep(0.02)
        await loading
