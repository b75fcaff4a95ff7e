"""Reads the identity model's frames: the first pixel's level names the view."""

from services.inference.codes import IMAGE_VIEW_MODIFIER
from services.inference.model import Evaluation, Observation, Refusal
from services.inference.views import TRANS_THALAMIC, VIEWS

LEVELS = {40: "fetal_brain", 60: "breast", 80: "liver", 100: "not_ultrasound"}


def read(outputs, rows, columns):  # type: ignore[no-untyped-def]
    name = LEVELS.get(int(outputs["SAME"][0, 0]))
    if name is None:
        return Refusal("not_sure", "The view model is not sure which anatomy this is.")
    plane = (Evaluation(IMAGE_VIEW_MODIFIER, TRANS_THALAMIC, 80.0),) if name == "fetal_brain" else ()
    return Observation(97.0, VIEWS[name].code, evaluations=plane)
