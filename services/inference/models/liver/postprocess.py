"""Reads the liver model's outputs: normal, benign or malignant, or that it is not sure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.inference.codes import BENIGN, MALIGNANT, NATURE, NORMAL
from services.inference.model import Evaluation, Observation
from services.inference.views import VIEWS

CLASSES = ("normal", "benign", "malignant")  # in the order of the network's outputs
_CODES = (NORMAL, BENIGN, MALIGNANT)
SURE = 0.6  # below it the answer is "not sure"; what that costs and gains is in the report
SOURCE = "learnt from labelled liver images (zenodo 7272660); not confirmed by tissue here"
NOT_SURE = Evaluation(NATURE, None, source=SOURCE, why="The nature of the liver's tissue is not sure.")


def read(outputs: Mapping[str, NDArray[Any]], rows: int, columns: int) -> Observation:
    """The answer on one frame, from `nature` [3], chances that add up to one."""
    chances = np.asarray(outputs["nature"], float).ravel()
    best = int(chances.argmax())
    chance = float(chances[best])
    nature = Evaluation(NATURE, _CODES[best], 100 * chance, SOURCE) if chance >= SURE else NOT_SURE
    return Observation(100 * chance, VIEWS["liver"].code, evaluations=(nature,))
