"""Decoded frames in, readings out: one model's call and what its outputs mean."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from services.inference.decode import Header
from services.inference.model import FrameReading, Measurement, Outline
from services.inference.regions import Calibration, Uncalibrated
from services.inference.registry import InstalledModel
from services.inference.triton import ModelFault, Outputs


class Server(Protocol):
    """What reading asks of Triton."""

    async def infer(self, model: str, frames: NDArray[np.uint8]) -> Outputs: ...


@dataclass(slots=True)
class FramesRead:
    """The readings by frame number (from 1), and how often frames showed nothing for which reason."""

    readings: dict[int, FrameReading] = field(default_factory=dict)
    nothing: Counter[str] = field(default_factory=Counter)


async def read_frames(
    server: Server, model: InstalledModel, header: Header, first: int, frames: NDArray[np.uint8]
) -> FramesRead:
    """What the model says of grey frames [n, rows, columns], the first of which has the number `first`.

    Raises TritonAway or ModelFault, which names the model.
    """
    outputs = await server.infer(model.card.name, frames)
    read = FramesRead()
    for index in range(len(frames)):
        try:
            _read_frame(model, header, first + index, {name: output[index] for name, output in outputs.items()}, read)
        except ModelFault:
            raise
        except Exception as error:  # the model's own code, on whatever the model answered
            raise ModelFault(model.card.name, f"the output cannot be interpreted: {error}") from error
    return read


def _read_frame(
    model: InstalledModel, header: Header, number: int, outputs: Mapping[str, NDArray[Any]], read: FramesRead
) -> None:
    outline = model.postprocess.outline(outputs, header.rows, header.columns)
    if outline is None:
        read.nothing[model.postprocess.refusal(outputs, header.rows, header.columns)] += 1
        return
    numbers = [outline.certainty_percent, *(value for point in outline.contour for value in point)]
    if not all(map(math.isfinite, numbers)):
        raise ModelFault(model.card.name, "the outline holds values that are not numbers")
    read.readings[number] = measure_frame(model, _rounded_outline(outline), header.calibration, number)


def measure_frame(model: InstalledModel, outline: Outline, calibration: Calibration, number: int) -> FrameReading:
    """The outline with its figures, by the calibration where it lies; without figures, and why, where there is none."""
    try:
        spacing = calibration.spacing_at(outline.contour, number)
    except Uncalibrated as error:
        return FrameReading(outline, (), str(error))
    figures = model.postprocess.measure(outline, spacing)
    if not all(math.isfinite(value) for one in figures for value in (one.value, one.lower, one.upper)):
        raise ModelFault(model.card.name, "a measurement is not a number")
    return FrameReading(outline, tuple(_rounded(one) for one in figures))


def _rounded(figure: Measurement) -> Measurement:
    """Two decimals say more than any scanner resolves, and survive every notation that the figure is written in."""
    return replace(figure, value=round(figure.value, 2), lower=round(figure.lower, 2), upper=round(figure.upper, 2))


def _rounded_outline(outline: Outline) -> Outline:
    contour = tuple((round(column, 2), round(row, 2)) for column, row in outline.contour)
    return replace(outline, certainty_percent=round(outline.certainty_percent, 2), contour=contour)
