"""NVIDIA's perf_analyzer, fetched once into .parts, as the measure of what Triton alone can do."""

import base64
import csv
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from infra.local.paths import DOWNLOADS

_HOME = DOWNLOADS / "perf-analyzer"
_LIBRARIES = DOWNLOADS / "triton" / "vendor" / "nvidia_pytriton.libs"
_LOCK = Path(__file__).with_suffix(".lock")


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one call, and calls a second."""

    p50_ms: float
    p95_ms: float
    per_second: float


def prepare() -> None:
    """Install the program where it is missing. Raises CalledProcessError."""
    if not (_HOME / "bin" / "perf_analyzer").exists():
        uv = Path(".venv/bin/uv")
        subprocess.run(
            [uv, "pip", "install", "-q", "--no-deps", "--require-hashes", "--target", _HOME, "-r", _LOCK], check=True
        )
        (_HOME / "bin" / "perf_analyzer").chmod(0o755)
    # It asks for CUDA's runtime by its plain name and calls nothing of it.
    link = _HOME / "libcudart.so.12"
    if not link.exists():
        link.symlink_to(next(_LIBRARIES.glob("libcudart-*.so.12*")))


def measure(
    folder: Path, address: str, model: str, tensor: str, picture: NDArray[np.uint8], at_once: int, seconds: float
) -> Latency:
    """Raw calls with this picture ([rows, columns] or [rows, columns, channels]), `at_once` of them. Raises CalledProcessError."""
    data = folder / f"{model}.json"
    content = {"b64": base64.b64encode(picture.tobytes()).decode()}
    data.write_text(json.dumps({"data": [{tensor: {"content": content, "shape": list(picture.shape)}}]}))
    table = folder / f"{model}-{at_once}.csv"
    subprocess.run(
        [
            _HOME / "bin" / "perf_analyzer",
            *("-m", model, "-i", "grpc", "-u", address),
            *("--input-data", data, "--concurrency-range", str(at_once)),
            *("--measurement-interval", str(int(seconds * 1000)), "--max-trials", "6", "--stability-percentage", "999"),
            *("-f", table, "--percentile", "50"),
        ],
        env={"LD_LIBRARY_PATH": f"{_HOME}:{_LIBRARIES}"},
        check=True,
        capture_output=True,
        text=True,
    )
    with table.open() as lines:
        row = next(csv.DictReader(lines))
    return Latency(float(row["p50 latency"]) / 1000, float(row["p95 latency"]) / 1000, float(row["Inferences/Second"]))
