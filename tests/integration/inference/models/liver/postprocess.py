"""Reads the identity model's frames: the second pixel's level is the probability of cancer in %."""

from services.inference.codes import BENIGN, MALIGNANT, NATURE, PROBABILITY_OF_CANCER
from services.inference.model import Evaluation, Measurement, Observation
from services.inference.views import VIEWS


def read(outputs, rows, columns):  # type: ignore[no-untyped-def]
    percent = float(outputs["SAME"][0, 1])
    answer = Evaluation(NATURE, MALIGNANT if percent >= 50 else BENIGN, max(percent, 100 - percent))
    cancer = Measurement(PROBABILITY_OF_CANCER, percent, "%", percent, percent, "calibrated")
    return Observation(95.0, VIEWS["liver"].code, (), (cancer,), (answer,))
