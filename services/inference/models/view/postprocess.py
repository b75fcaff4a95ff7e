"""Reads the view model's outputs: which anatomy a frame shows, which plane of the fetal brain, or that it is not sure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.inference.codes import IMAGE_VIEW_MODIFIER
from services.inference.model import Evaluation, Observation, Refusal
from services.inference.views import TRANS_CEREBELLAR, TRANS_THALAMIC, TRANS_VENTRICULAR, VIEWS

VIEW_NAMES = tuple(VIEWS)  # in the order of the network's outputs
PLANES = ("trans_thalamic", "trans_ventricular", "trans_cerebellar")
_PLANE_CODES = (TRANS_THALAMIC, TRANS_VENTRICULAR, TRANS_CEREBELLAR)

# Below them the answer is "not sure". Views that few images taught (a dozen at most) must be surer than the others.
SURE = 0.6
SURE_OF_THIN = 0.8
THIN = frozenset({"fetal_abdomen", "fetal_femur", "fetal_thorax"})
SURE_OF_PLANE = 0.7
PLANE_SOURCE = "learnt from the labels of Burgos-Artizzu et al., Sci Rep 10:10200, 2020"

NOT_SURE = Refusal("not_sure", "The view is not sure.", "切面识别不确定。")


def read(outputs: Mapping[str, NDArray[Any]], rows: int, columns: int) -> Observation | Refusal:
    """The view of one frame, from `view` [11] and `plane` [3], chances that add up to one."""
    chances = np.asarray(outputs["view"], float).ravel()
    best = int(chances.argmax())
    name, chance = VIEW_NAMES[best], float(chances[best])
    if not chance >= (SURE_OF_THIN if name in THIN else SURE):
        return NOT_SURE
    planes = (plane(outputs),) if name == "fetal_brain" else ()
    return Observation(100 * chance, VIEWS[name].code, evaluations=planes)


def plane(outputs: Mapping[str, NDArray[Any]]) -> Evaluation:
    """The sub-plane of a fetal brain, or that it cannot be judged."""
    chances = np.asarray(outputs["plane"], float).ravel()
    best = int(chances.argmax())
    if not chances[best] >= SURE_OF_PLANE:
        return Evaluation(IMAGE_VIEW_MODIFIER, None, source=PLANE_SOURCE, why="The plane of the brain is not sure.")
    return Evaluation(IMAGE_VIEW_MODIFIER, _PLANE_CODES[best], 100 * float(chances[best]), PLANE_SOURCE)
