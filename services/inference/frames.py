"""A model's outputs in, readings out: what it answers for frames and clips, checked, weighed and measured."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.inference.decode import Header
from services.inference.model import Evaluation, FrameReading, Measurement, ModelCard, Observation, Refusal
from services.inference.regions import Uncalibrated
from services.inference.registry import InstalledModel, Outputs
from services.inference.sector import Sector
from services.inference.triton import ModelFault

BELOW_THRESHOLD = Refusal(
    "below_threshold",
    "What is seen is less certain than the model's threshold asks for.",
    "所见结果的可信度低于模型阈值。",
)


class Server(Protocol):
    """What reading asks of Triton."""

    async def infer(self, model: str, frames: NDArray[np.uint8]) -> Outputs: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """A reading and the frames (from 1) that say so, the one that speaks for them first."""

    frames: tuple[int, ...]
    reading: FrameReading


@dataclass(slots=True)
class FramesRead:
    """What was seen, and of how many frames nothing is said for which reason."""

    seen: list[Seen] = field(default_factory=list)
    nothing: Counter[Refusal] = field(default_factory=Counter)


async def ask(
    server: Server, model: InstalledModel, numbers: Sequence[int], frames: NDArray[np.uint8]
) -> dict[int, Outputs]:
    """The model's outputs for grey frames [n, rows, columns], by the frames' numbers. Raises TritonAway or ModelFault."""
    outputs = await server.infer(model.card.in_triton, frames)
    return {number: {name: output[at] for name, output in outputs.items()} for at, number in enumerate(numbers)}


def read_frames(model: InstalledModel, header: Header, answers: Mapping[int, Outputs], sector: Sector) -> FramesRead:
    """What the model says of each of these frames, cut to the sector. Raises ModelFault, which names the model."""
    read = FramesRead()
    for number, outputs in answers.items():
        with _answerable(model):
            found = model.postprocess.read(outputs, sector.bottom - sector.top, sector.right - sector.left)
            _take(model, header, sector, found, (number,), read)
    return read


async def see(
    server: Server,
    model: InstalledModel,
    header: Header,
    numbers: Sequence[int],
    frames: NDArray[np.uint8],
    sector: Sector,
) -> FramesRead:
    """What a frame model says of these frames, cut to the sector. Raises TritonAway or ModelFault."""
    return read_frames(model, header, await ask(server, model, numbers, frames), sector)


def read_clip(model: InstalledModel, header: Header, answers: Mapping[int, Outputs], sector: Sector) -> FramesRead:
    """What a clip model makes of these frames together. Raises ModelFault, which names the model."""
    read = FramesRead()
    with _answerable(model):
        ordered = dict(sorted(answers.items()))
        found = model.postprocess.read_clip(ordered, sector.bottom - sector.top, sector.right - sector.left)
        if isinstance(found, Refusal):
            read.nothing[found] += len(answers)
            return read
        for one in found:
            if not one.frames or not set(one.frames) <= answers.keys():
                raise ModelFault(model.card.name, "the clip's observation names frames that the model was not given")
            _take(model, header, sector, one.observation, tuple(one.frames), read)
    return read


@contextmanager
def _answerable(model: InstalledModel) -> Iterator[None]:
    """Whatever the model's own code raises, on whatever the model answered, is the model's fault."""
    try:
        yield
    except ModelFault:
        raise
    except Exception as error:
        raise ModelFault(model.card.name, f"the output cannot be interpreted: {error}") from error


def _take(
    model: InstalledModel,
    header: Header,
    sector: Sector,
    found: Observation | Refusal,
    frames: tuple[int, ...],
    read: FramesRead,
) -> None:
    if isinstance(found, Refusal):
        read.nothing[found] += len(frames)
        return
    _require_numbers(model.card, found)
    weighed = weigh(model.card, found)
    if weighed is None:
        read.nothing[BELOW_THRESHOLD] += len(frames)
        return
    placed = _rounded(_in_image(weighed, sector))
    read.seen.append(Seen(frames, measure_frame(model, placed, header, frames[0])))


def _require_numbers(card: ModelCard, found: Observation) -> None:
    percents = [
        found.certainty_percent,
        *(e.certainty_percent for e in found.evaluations if e.certainty_percent is not None),
    ]
    points = [value for point in found.contour for value in point]
    if not all(map(math.isfinite, (*percents, *points))) or not _finite(found.figures):
        raise ModelFault(card.name, "the observation holds values that are not numbers")
    if not all(0 <= percent <= 100 for percent in percents):
        raise ModelFault(card.name, "the observation holds a certainty outside 0 to 100 %")


def _finite(figures: Sequence[Measurement]) -> bool:
    return all(math.isfinite(value) for one in figures for value in (one.value, one.lower, one.upper))


def weigh(card: ModelCard, found: Observation) -> Observation | None:
    """The observation without what lies below the card's thresholds: `finding` for all of it, a question's code for its answer."""
    if found.certainty_percent < card.thresholds.get("finding", 0):
        return None
    return replace(found, evaluations=tuple(_weighed(card, one) for one in found.evaluations))


def _weighed(card: ModelCard, one: Evaluation) -> Evaluation:
    least = card.thresholds.get(one.question.value, 0)
    if one.answer is None or one.certainty_percent is None or one.certainty_percent >= least:
        return one
    return replace(one, answer=None, why=one.why or "less certain than the model's threshold asks for")


def _in_image(found: Observation, sector: Sector) -> Observation:
    """Contours of what was cut lie in the cut; people see the whole image."""
    contour = tuple((column + sector.left, row + sector.top) for column, row in found.contour)
    return replace(found, contour=contour)


def measure_frame(model: InstalledModel, found: Observation, header: Header, number: int) -> FrameReading:
    """The observation with its figures, by the calibration where it lies; without lengths, and why, where there is none."""
    figures = tuple(map(_rounded_figure, found.figures))
    if not found.contour or not hasattr(model.postprocess, "measure"):
        return FrameReading(found, figures)
    try:
        spacing = header.calibration.spacing_at(found.contour, number)
    except Uncalibrated as error:
        return FrameReading(found, figures, str(error))
    measured = model.postprocess.measure(found, spacing)
    if not _finite(measured):
        raise ModelFault(model.card.name, "a measurement is not a number")
    return FrameReading(found, (*map(_rounded_figure, measured), *figures))


def _rounded_figure(figure: Measurement) -> Measurement:
    """Two decimals say more than any scanner resolves, and survive every notation that the figure is written in."""
    return replace(figure, value=round(figure.value, 2), lower=round(figure.lower, 2), upper=round(figure.upper, 2))


def _rounded(found: Observation) -> Observation:
    contour = tuple((round(column, 2), round(row, 2)) for column, row in found.contour)
    evaluations = tuple(
        one if one.certainty_percent is None else replace(one, certainty_percent=round(one.certainty_percent, 2))
        for one in found.evaluations
    )
    return replace(found, certainty_percent=round(found.certainty_percent, 2), contour=contour, evaluations=evaluations)
