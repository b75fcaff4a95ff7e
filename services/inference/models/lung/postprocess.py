"""Reads the lung model's outputs over a clip: normal, B-lines, consolidation or effusion, with the frames that decided."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.inference.codes import B_LINES, CONSOLIDATION_OR_EFFUSION, LUNG_SIGN, NORMAL
from services.inference.model import ClipObservation, Evaluation, Observation, Refusal
from services.inference.views import VIEWS

SIGNS = ("normal", "b_lines", "consolidation")  # in the order of the network's outputs
_CODES = (NORMAL, B_LINES, CONSOLIDATION_OR_EFFUSION)
SURE = 0.6  # below it the answer is "not sure"
DECIDING = 3  # frames named
SOURCE = "learnt from 36 clips (Born et al., Appl Sci 11:672, 2021): exploratory"

NO_FRAMES = Refusal("no_frames", "The clip has no frames.", "视频没有图像帧。")
NOT_SURE = Evaluation(LUNG_SIGN, None, source=SOURCE, why="What the lung shows is not sure.")


def pool(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """The clip's chances from its frames' [n, 3]: the mean of their logarithms, so that one odd frame weighs little, normed to one."""
    mean = np.exp(np.log(np.clip(chances, 1e-4, 1)).mean(0))
    return np.asarray(mean / mean.sum())


def read_clip(
    outputs: Mapping[int, Mapping[str, NDArray[Any]]], rows: int, columns: int
) -> Sequence[ClipObservation] | Refusal:
    """The answer on a clip, from `sign` [3] of each frame (by number, from 1), chances that add up to one."""
    numbers = sorted(outputs)
    if not numbers:
        return NO_FRAMES
    chances = np.stack([np.asarray(outputs[number]["sign"], float).ravel() for number in numbers])
    clip = pool(chances)
    best = int(clip.argmax())
    chance = 100 * float(clip[best])
    sign = Evaluation(LUNG_SIGN, _CODES[best], chance, SOURCE) if clip[best] >= SURE else NOT_SURE
    deciding = tuple(numbers[place] for place in np.argsort(-chances[:, best], kind="stable")[:DECIDING])
    return (ClipObservation(Observation(chance, VIEWS["lung"].code, evaluations=(sign,)), deciding),)
