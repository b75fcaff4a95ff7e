"""Reads the quality model's outputs over a clip: how good the pictures are, what is wrong with which frames, where text lies."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.inference import codes
from services.inference.model import ClipObservation, Code, Evaluation, Measurement, Observation

from . import text
from .geometry import CELL, scale

# In the order of the output `faults`.
FAULTS: tuple[Code, ...] = (codes.GAIN_TOO_LOW, codes.GAIN_TOO_HIGH, codes.CONTACT_LOST, codes.MOTION_BLUR)
# From this chance on a fault is one, up to that none; between them is "not sure". Chosen on the validation part: see card.yaml.
PRESENT = (0.8, 0.8, 0.7, 0.8)
ABSENT = (0.2, 0.3, 0.2, 0.3)
LEAST_SHARE = 0.1  # of a clip's frames that have a fault, for the clip to have it
# Mean difference in grey levels to the frame before, up to which a frame repeats it: repetitions within videos differ by up to 0.02, frames
# that follow each other truly by 0.13 at least (see card.yaml).
REPEATED = 0.05
CHANGING = 0.05  # of the points, those that differ most: a clock or a cursor moves on in a frozen picture
ECHO = 16  # grey level from which a point says something of repetition; black stays black
LEAST_POINTS = 20
LOOKED_AT = "image quality answered by a network for each frame"
METHOD = "100 % less the strength of the strongest fault (gain, contact, motion); of a clip the median with the 10th and 90th percentile"


def read_clip(outputs: Mapping[int, Mapping[str, NDArray[Any]]], rows: int, columns: int) -> Sequence[ClipObservation]:
    """What holds for the whole clip, then each fault with its frames, repeated frames, and each region of text."""
    numbers = tuple(outputs)
    chances = np.stack([np.asarray(one["faults"], np.float64) for one in outputs.values()])
    strength = np.stack([np.asarray(one["strength"], np.float64) for one in outputs.values()])
    return [
        _whole(numbers, chances, strength),
        *_faults(numbers, chances),
        *_repeated(numbers, [np.asarray(one["pattern"], np.int16) for one in outputs.values()]),
        *_text(numbers, np.stack([np.asarray(one["text"], np.uint8) for one in outputs.values()]), rows, columns),
    ]


def _whole(numbers: Sequence[int], chances: NDArray[np.float64], strength: NDArray[np.float64]) -> ClipObservation:
    """Quality in percent and in a word; what cannot be judged."""
    quality = 100 * (1 - strength.max(1))
    middle, low, high = (float(np.percentile(quality, part)) for part in (50, 10, 90))
    figure = Measurement(codes.IMAGE_QUALITY, middle, "%", min(low, middle), max(high, middle), METHOD)
    typical = np.median(chances, 0)
    bad = [n for n in range(len(FAULTS)) if _share(chances[:, n], PRESENT[n]) >= LEAST_SHARE]
    unsure = [n for n in range(len(FAULTS)) if n not in bad and ABSENT[n] < typical[n] < PRESENT[n]]
    sure = 100 * float(np.maximum(typical, 1 - typical).min())
    if bad:
        word = Evaluation(codes.IMAGE_QUALITY, codes.POOR_QUALITY, 100 * float(chances.max(0)[bad].max()), LOOKED_AT)
    elif unsure:
        why = "Not sure: " + ", ".join(FAULTS[n].meaning.lower() for n in unsure)
        word = Evaluation(codes.IMAGE_QUALITY, None, None, LOOKED_AT, why)
    else:
        word = Evaluation(codes.IMAGE_QUALITY, codes.GOOD_QUALITY, 100 * float(1 - typical.max()), LOOKED_AT)
    order = np.argsort(np.abs(quality - middle), kind="stable")
    return ClipObservation(Observation(sure, figures=(figure,), evaluations=(word,)), tuple(numbers[n] for n in order))


def _share(chances: NDArray[np.float64], least: float) -> float:
    return float((chances >= least).mean())


def _faults(numbers: Sequence[int], chances: NDArray[np.float64]) -> list[ClipObservation]:
    found = []
    for n, fault in enumerate(FAULTS):
        if _share(chances[:, n], PRESENT[n]) < LEAST_SHARE:
            continue
        order = [int(k) for k in np.argsort(-chances[:, n], kind="stable") if chances[k, n] >= PRESENT[n]]
        sure = 100 * float(chances[order, n].mean())
        answer = Evaluation(codes.QUALITY_FINDING, fault, sure, LOOKED_AT)
        found.append(
            ClipObservation(Observation(sure, evaluations=(answer,), finding=fault), tuple(numbers[k] for k in order))
        )
    return found


def difference(one: NDArray[np.int16], other: NDArray[np.int16]) -> float | None:
    """Mean difference in grey levels where either picture shows an echo, CHANGING points left out; None where there is too little of it."""
    echo = np.maximum(one, other) > ECHO
    if int(echo.sum()) < LEAST_POINTS:
        return None
    apart = np.sort(np.abs(one - other)[echo])
    return float(apart[: int(len(apart) * (1 - CHANGING))].mean())


def _repeated(numbers: Sequence[int], patterns: Sequence[NDArray[np.int16]]) -> list[ClipObservation]:
    """The frames that repeat the one before."""
    apart = {
        number: gap
        for number, before, this in zip(numbers[1:], patterns, patterns[1:], strict=False)
        if (gap := difference(before, this)) is not None and gap <= REPEATED
    }
    if not apart:
        return []
    sure = 100 * (1 - float(np.mean(list(apart.values()))) / (2 * REPEATED))
    source = "difference in grey levels to the frame before"
    answer = Evaluation(codes.QUALITY_FINDING, codes.FROZEN, sure, source)
    frames = tuple(sorted(apart, key=lambda number: (apart[number], number)))
    return [ClipObservation(Observation(sure, evaluations=(answer,), finding=codes.FROZEN), frames)]


def _text(numbers: Sequence[int], maps: NDArray[np.uint8], rows: int, columns: int) -> list[ClipObservation]:
    """Text that stays for a quarter of the clip at least; each region with the frames on which it lies."""
    lasting = maps[0] if len(maps) == 1 else np.percentile(maps, 75, axis=0).astype(np.uint8)
    found = []
    for region in text.regions(lasting, rows, columns):
        answer = Evaluation(codes.QUALITY_FINDING, codes.BURNED_IN_TEXT, 100 * region.certainty, "map of text")
        seen = Observation(
            100 * region.certainty, contour=region.corners, evaluations=(answer,), finding=codes.BURNED_IN_TEXT
        )
        found.append(ClipObservation(seen, _showing(numbers, maps, region, rows, columns)))
    return found


def _showing(
    numbers: Sequence[int], maps: NDArray[np.uint8], region: text.Region, rows: int, columns: int
) -> tuple[int, ...]:
    """The frames that show text there, the clearest first; at least one."""
    cell = CELL / scale(rows, columns)
    top, bottom = int(region.top / cell), max(int(region.top / cell) + 1, round(region.bottom / cell))
    left, right = int(region.left / cell), max(int(region.left / cell) + 1, round(region.right / cell))
    levels = maps[:, top:bottom, left:right].reshape(len(maps), -1).mean(1)
    order = np.argsort(-levels, kind="stable")
    return tuple(numbers[k] for k in order if levels[k] >= 0.5 * levels[order[0]])
