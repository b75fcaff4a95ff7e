"""The exported file as the platform runs it: plain ONNX Runtime, one thread. For evaluation and for comparing with torch."""

import os
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

from services.inference import sector
from services.inference.training.figures import Latency
from services.inference.training.picture import Pixels

Outputs = Mapping[str, npt.NDArray[Any]]
AGREEMENT = 1e-3
ROUNDS = 60


class Served:
    """A model on one CPU thread."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._names = [output.name for output in self._session.get_outputs()]

    def __call__(self, pixels: Pixels) -> Outputs:
        """The outputs of one grey image [rows, columns], without the leading axis."""
        got = self._session.run(self._names, {"image": np.ascontiguousarray(pixels)[None, :, :, None]})
        return {name: value[0] for name, value in zip(self._names, got, strict=True)}


def boxed(pixels: Pixels) -> Pixels:
    """One image in the sector geometry, as the service brings it to a model whose card asks for that."""
    return np.asarray(sector.cut(pixels[None], sector.find(pixels[None]))[0])


def latency(once: Callable[[], object], size: str, limit_ms: float) -> Latency:
    """Processor time of one call (model and what reads its outputs) on one thread: what counts where cores are shared."""
    cv2.setNumThreads(1)
    times = []
    for _ in range(ROUNDS):
        begun = time.thread_time()
        once()
        times.append(1000 * (time.thread_time() - begun))
    median, p95 = np.percentile(times[10:], (50, 95))
    return Latency(f"{size}, {_processor()}", 1, round(float(median), 2), round(float(p95), 2), limit_ms)


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or os.uname().machine)
