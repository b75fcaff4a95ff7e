"""Reads the breast lesion model's outputs: the lesion's contour, how likely it is malignant, how long it is, or why nothing is said."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.inference.codes import BENIGN, LESION, MALIGNANT, NATURE, PROBABILITY_OF_CANCER
from services.inference.model import Code, Evaluation, Measurement, Observation, Refusal
from services.inference.views import VIEWS

from . import outline

# PS3.16 CID 7470. ACR BI-RADS Atlas, 5th ed. 2013, ultrasound, reporting: the longest dimension, then the one perpendicular to it.
LONG_AXIS = Code("103339001", "SCT", "Long Axis")
SHORT_AXIS = Code("103340004", "SCT", "Short Axis")
LONG_METHOD = "longest diameter of the lesion's outline in this image (ACR BI-RADS 2013)"
SHORT_METHOD = "greatest width of the outline perpendicular to its longest diameter (ACR BI-RADS 2013)"
PROBABILITY_METHOD = (
    "calibrated on images that the training never saw; malignant in 32 of 100 of them, all biopsy-proven"
)

PRESENT = 0.5
# Between these the answer is "not sure": of the out-of-fold lesions below the first fewer than 5 in 100 are malignant, and of the benign
# ones fewer than 5 in 100 lie above the second; see card.yaml.
BENIGN_BELOW, MALIGNANT_ABOVE = 0.1, 0.7
# Where 95% of the out-of-fold lesions that are outlined lie, rightly or beside, as part of the value: longest diameter and width.
LIMITS = (0.33, 0.32)

NO_LESION = Refusal("no_lesion", "No breast lesion is seen.", "未见乳腺病灶。")


def read(outputs: Mapping[str, NDArray[Any]], rows: int, columns: int) -> Observation | Refusal:
    """The lesion on one frame of this size, from `mask` uint8 [h, w], `presence` [1] and `malignancy` [1]."""
    presence, cancer = float(outputs["presence"].ravel()[0]), float(outputs["malignancy"].ravel()[0])
    mask = np.asarray(outputs["mask"], np.uint8)
    if presence < PRESENT:
        return NO_LESION
    points = outline.contour(mask)
    if len(points) == 0:
        return NO_LESION
    scale = min(mask.shape[0] / rows, mask.shape[1] / columns)
    placed = np.clip((points + 0.5) / scale, 0, (columns, rows))
    percent = 100 * cancer
    return Observation(
        certainty_percent=100 * presence,
        view=VIEWS["breast"].code,
        contour=tuple((float(x), float(y)) for x, y in placed),
        figures=(Measurement(PROBABILITY_OF_CANCER, percent, "%", percent, percent, PROBABILITY_METHOD),),
        evaluations=(nature(cancer),),
        finding=LESION,
    )


def nature(cancer: float) -> Evaluation:
    """Benign, malignant, or not sure, from the probability of malignancy (0 to 1)."""
    source = "probability of malignancy"
    if BENIGN_BELOW <= cancer < MALIGNANT_ABOVE:
        return Evaluation(NATURE, None, source=source, why="the probability of malignancy lies between both answers")
    if cancer < BENIGN_BELOW:
        return Evaluation(NATURE, BENIGN, 100 * (1 - cancer), source)
    return Evaluation(NATURE, MALIGNANT, 100 * cancer, source)


def measure(observation: Observation, spacing_mm: tuple[float, float]) -> tuple[Measurement, ...]:
    """Both diameters in mm; spacing between rows and between columns in mm."""
    if len(observation.contour) < 3:
        return ()
    longest, width = outline.diameters(np.asarray(observation.contour) * (spacing_mm[1], spacing_mm[0]))
    return (
        Measurement(LONG_AXIS, longest, "mm", longest * (1 - LIMITS[0]), longest * (1 + LIMITS[0]), LONG_METHOD),
        Measurement(SHORT_AXIS, width, "mm", width * (1 - LIMITS[1]), width * (1 + LIMITS[1]), SHORT_METHOD),
    )
