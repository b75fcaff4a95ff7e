"""`make bench-screening`: a clip through the screening models, on the platform's own path and a real Triton, from the file to the result.

The path is that of an exam (services.inference.reading): workers decode, frames go to Triton in batches, outputs are checked and read.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
import psutil
import pydicom
import simplejpeg
import uvloop
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, UltrasoundMultiFrameImageStorage, generate_uid

import services.inference
from infra.local.triton import start_triton
from services.inference import simulator
from services.inference.breaker import Breaker
from services.inference.decode import decode_frames
from services.inference.model import Chosen, Mode, Plan, Stage
from services.inference.patience import Patience, PatientTriton
from services.inference.reading import Reader
from services.inference.registry import InstalledModel, read_models
from services.inference.result import Source
from services.inference.triton import Triton
from services.inference.workers import Workers

FRAMES, ROWS, COLUMNS = 100, 480, 640
AIM_SECONDS = 3.0
CODINGS = {"JPEG baseline, colour": JPEGBaseline8Bit, "uncompressed, grey": ExplicitVRLittleEndian}


@dataclass(frozen=True)
class Row:
    """One line of the table; seconds, the median round and the quickest."""

    clip: str
    decode: float
    models: Mapping[str, float]
    whole: float
    quickest: float
    cpu: float  # of service, workers and Triton: what a busy machine does not change


class Here:
    """The object store's copies: the file as it lies."""

    @asynccontextmanager
    async def of(self, key: str, digest_sha256: str = "") -> AsyncIterator[Path]:
        yield Path(key)


def cpu_seconds() -> float:
    """User and system seconds of this process and all that it started."""
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(one.cpu_times().user + one.cpu_times().system for one in family)


def moving_head() -> NDArray[np.uint8]:
    """A drawn head that drifts through the picture, with the grain of each frame its own."""
    rng = np.random.default_rng(7)
    still = simulator.draw(7, shape=(COLUMNS, ROWS), hc_mm=250.0).pixels
    grain = rng.integers(-6, 7, (FRAMES, ROWS, COLUMNS), np.int16)
    moved = np.stack([np.roll(still, n // 4, axis=1) for n in range(FRAMES)])
    return np.asarray(np.clip(moved + grain * (moved > 8), 0, 255), np.uint8)


def write(path: Path, frames: NDArray[np.uint8], syntax: pydicom.uid.UID) -> None:
    """The frames as an ultrasound clip."""
    clip = Dataset()
    clip.file_meta = FileMetaDataset()
    clip.file_meta.TransferSyntaxUID = syntax
    clip.SOPClassUID, clip.SOPInstanceUID = UltrasoundMultiFrameImageStorage, generate_uid()
    clip.Modality, clip.NumberOfFrames, clip.Rows, clip.Columns = "US", len(frames), ROWS, COLUMNS
    clip.BitsAllocated = clip.BitsStored = 8
    clip.HighBit, clip.PixelRepresentation = 7, 0
    if syntax == JPEGBaseline8Bit:
        clip.SamplesPerPixel, clip.PhotometricInterpretation, clip.PlanarConfiguration = 3, "YBR_FULL_422", 0
        colour = [np.repeat(frame[..., np.newaxis], 3, axis=2) for frame in frames]
        clip.PixelData = encapsulate([simplejpeg.encode_jpeg(one, 90, "RGB", "422") for one in colour])
    else:
        clip.SamplesPerPixel, clip.PhotometricInterpretation = 1, "MONOCHROME2"
        clip.PixelData = frames.tobytes()
    clip.save_as(path, enforce_file_format=True)


async def measure(path: Path, name: str, address: str, models: Mapping[str, InstalledModel], rounds: int) -> Row:
    """Rounds of the whole way of one clip; the first one warms up and does not count."""
    plan = Plan(tuple(Chosen(model.card, Mode.TRIAL, "EC-1") for model in models.values()))
    source = Source("1.2", "1.2.3", UltrasoundMultiFrameImageStorage, str(path), FRAMES, ROWS, COLUMNS, "US")
    triton = Triton(address, list(models), deadline_seconds=60)
    workers = Workers(2)
    breaker = Breaker(triton.heal)
    reader = Reader(Here(), workers, PatientTriton(triton, Patience(60)), models, breaker)  # type: ignore[arg-type]
    took, seconds, decoded, cpu = [], [], [], []
    try:
        for round in range(rounds + 1):
            began, spent_before = time.perf_counter(), cpu_seconds()
            result = await reader.read(plan, [(source, "")], uuid4())
            spent, burnt = time.perf_counter() - began, cpu_seconds() - spent_before
            if any(run.failed or run.frames != FRAMES for run in result.runs):
                raise AssertionError(f"a model did not read the clip: {result.runs}")
            began = time.perf_counter()
            await workers.run(decode_frames, path, 1, FRAMES)
            if round:
                took.append(spent)
                cpu.append(burnt)
                decoded.append(time.perf_counter() - began)
                seconds.append({run.model: run.seconds for run in result.runs})
    finally:
        workers.close()
        await triton.close()
    each = {model: statistics.median(one[model] for one in seconds) for model in models}
    return Row(name, statistics.median(decoded), each, statistics.median(took), min(took), statistics.median(cpu))


def table(rows: list[Row]) -> str:
    """The rows for people."""
    models = list(rows[0].models)
    lines = [
        f"{FRAMES} frames of {COLUMNS}x{ROWS} through {' and '.join(models)}, seconds; models wait for frames and for each other",
        f"{'clip':<24}{'decode':>9}"
        + "".join(f"{model:>12}" for model in models)
        + f"{'file to result':>16}{'quickest':>10}{'CPU':>8}",
    ]
    lines += [
        f"{row.clip:<24}{row.decode:>9.2f}"
        + "".join(f"{row.models[model]:>12.2f}" for model in models)
        + f"{row.whole:>16.2f}{row.quickest:>10.2f}{row.cpu:>8.2f}"
        for row in rows
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure, print the table; 1 when the aim is missed and `--strict` asks for it."""
    parser = argparse.ArgumentParser(prog="make bench-screening", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--strict", action="store_true", help="fail when the aim is missed")
    parser.add_argument("--models", type=Path, default=Path(services.inference.__file__).parent / "models")
    parser.add_argument("--json", type=Path, help="also write the rows here")
    given = parser.parse_args()
    installed = read_models(given.models)
    models = {name: one for name, one in installed.items() if one.card.stage is Stage.SCREEN}
    if not models:
        print("no screening model is installed")
        return 1
    with tempfile.TemporaryDirectory() as name, start_triton(Path(name)) as server:
        for model in models:
            server.load(model)
        frames, rows = moving_head(), []
        for number, (coding, syntax) in enumerate(CODINGS.items()):
            path = Path(name) / f"{number}.dcm"
            write(path, frames, syntax)
            rows.append(uvloop.run(measure(path, coding, server.grpc, models, given.rounds)))
    print(table(rows))
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    met = all(row.whole <= AIM_SECONDS for row in rows)
    print(f"aim: at most {AIM_SECONDS:g} s: {'met' if met else 'missed'}")
    return 0 if met or not given.strict else 1


if __name__ == "__main__":
    raise SystemExit(main())
