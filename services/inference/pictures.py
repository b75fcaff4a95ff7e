"""An instance's frames as models see them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.inference import metrics
from services.inference.decode import Header, decode_frames
from services.inference.model import Chosen, Geometry
from services.inference.sector import Sector, cut
from services.inference.workers import Workers

Grey = NDArray[np.uint8]

# Decoded frames of an instance that are kept between screening and reading; what goes beyond is decoded again.
_KEPT_BYTES = 64 * 1024 * 1024


class Pictures:
    """Decoded by the chunk and kept while they are few."""

    def __init__(self, workers: Workers, path: Path, header: Header, step: int) -> None:
        self._workers, self._path, self._step = workers, path, step
        self.header = header
        self.sector = self._whole = Sector(0, 0, header.rows, header.columns)
        self._kept: dict[int, Grey] = {}

    def chunks(self) -> Iterable[tuple[int, int]]:
        """The first and last frame of each chunk."""
        last = self.header.frames
        return ((first, min(first + self._step - 1, last)) for first in range(1, last + 1, self._step))

    async def chunk(self, first: int) -> Grey:
        """The frames of the chunk that begins with this one."""
        if (kept := self._kept.get(first)) is not None:
            return kept
        started = time.perf_counter()
        last = min(first + self._step - 1, self.header.frames)
        frames = await self._workers.run(decode_frames, self._path, first, last)
        metrics.DECODE_SECONDS.observe(time.perf_counter() - started)
        if sum(one.nbytes for one in self._kept.values()) + frames.nbytes <= _KEPT_BYTES:
            self._kept[first] = frames
        return frames

    def sector_of(self, chosen: Chosen) -> Sector:
        """The part of a frame that the model sees."""
        return self.sector if chosen.card.geometry is Geometry.SECTOR else self._whole

    def as_seen_by(self, chosen: Chosen, frames: Grey, first: int, numbers: Sequence[int]) -> Grey:
        """These of a chunk's frames, cut for the model."""
        whole = len(numbers) == len(frames)
        some = frames if whole else frames[[number - first for number in numbers]]
        return cut(some, self.sector) if chosen.card.geometry is Geometry.SECTOR else some
