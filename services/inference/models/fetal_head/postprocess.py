"""Reads the fetal head model's outputs: the skull's outer ellipse, what it measures, how sure, or why nothing is measured."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.inference.model import Code, Measurement, Observation, Refusal

from . import criteria
from . import ellipse as ellipses
from .ellipse import Ellipse

HC = Code("11984-2", "LN", "Head Circumference")  # PS3.16 CID 12005
BPD = Code("11820-8", "LN", "Biparietal Diameter")  # PS3.16 CID 12005
OFD = Code("11851-3", "LN", "Occipital-Frontal Diameter")  # PS3.16 CID 12005
GESTATIONAL_AGE = Code("18185-9", "LN", "Gestational Age")  # PS3.16 CID 12019
HADLOCK_BY_HC = Code("11932-1", "LN", "HC, Hadlock 1984")  # PS3.16 CID 12013
HEAD = Code("69536005", "SCT", "Head")  # PS3.16 CID 4031

HC_METHOD = "perimeter of the ellipse on the skull's outer contour (Ramanujan 1914)"
BPD_METHOD = "outer to outer: minor axis of the ellipse on the skull's outer contour"
OFD_METHOD = "outer to outer: major axis of the ellipse on the skull's outer contour"
HADLOCK_CITATION = "Hadlock FP, Deter RL, Harrist RB, Park SK. Radiology 1984;152:497-501"

PRESENT = 0.5
CONTOUR_POINTS = 64
LEAST_OF_CONTOUR = 0.6  # of the rays that must meet the skull within the picture
MOST_BEYOND_EDGE = 0.06  # of the outline that may lie outside the picture
# Minor over major axis. The cephalic index has mean 78.3% and SD 4.4% (Hadlock et al., AJR 137:83, 1981): 5 SD either way.
SHAPE = (0.56, 1.0)
# The formula's two standard deviations in weeks, from the age in weeks on, as the table "GA by HC, Hadlock 1984" of Hologic's SuperSonic
# MACH obstetrical references (PM.LAB.175-A, 2020) has them. Where the paper is quoted otherwise (2.70 from 36 weeks on), the wider stands.
VARIABILITY_WEEKS = ((12.0, 1.19), (18.0, 1.48), (24.0, 2.06), (30.0, 2.98), (36.0, 3.20))
# Those bands; the 361 fetuses behind the formula were of 14 to 42 weeks.
FORMULA_WEEKS = (12.0, 42.0)
# How far 95% of the validation exams lie from the annotators at most, as part of the value: of heads from that circumference in
# mm on, for HC, BPD and OFD. Small heads are outlined with less agreement; see card.yaml.
LIMITS = ((0.0, 0.07, 0.11, 0.11), (98.0, 0.03, 0.03, 0.05))


NO_HEAD = Refusal("no_head", "No fetal head in the standard plane is seen.", "未见标准切面的胎头。")
CUT = Refusal("head_cut", "The head is cut by the edge of the image.", "胎头被图像边缘截断。")
IMPLAUSIBLE = Refusal("implausible_shape", "What is outlined has not the shape of a head.", "所勾画轮廓不具胎头形态。")


# The chance that the circumference lies within 5 % of the annotators' is sigmoid(slope log(1 - agreement) + offset): fitted (Platt 1999)
# on the validation exams, as they are and harmed; `evaluate --part validation` prints both.
CERTAINTY = (-4.35, -10.43)


@dataclass(frozen=True, slots=True)
class Head:
    """The outer ellipse in image pixels (0 = centre of the first), how likely a head is there, how well the ellipse fits the mask."""

    ellipse: Ellipse
    presence: float
    agreement: float

    @property
    def certainty(self) -> float:
        """That a head is there and its circumference right, 0 to 1."""
        slope, offset = CERTAINTY
        return self.presence / (1 + math.exp(-(slope * math.log(max(1 - self.agreement, 1e-4)) + offset)))


def find(outputs: Mapping[str, NDArray[Any]], rows: int, columns: int) -> Head | Refusal:
    """The head on one frame of this size, from `mask` uint8 [h, w] and `presence` [1]."""
    presence, mask = float(outputs["presence"].ravel()[0]), np.asarray(outputs["mask"], np.uint8)
    if presence < PRESENT:
        return NO_HEAD
    scale = min(mask.shape[0] / rows, mask.shape[1] / columns)
    points = ellipses.contour(mask, columns * scale, rows * scale)
    if len(points) == 0:
        return NO_HEAD
    if len(points) < LEAST_OF_CONTOUR * ellipses.RAYS:
        return CUT
    fitted = ellipses.robust_fit(points)
    if fitted is None or not SHAPE[0] <= fitted.semi_minor / fitted.semi_major <= SHAPE[1]:
        return IMPLAUSIBLE
    x, y = fitted.points(120).T
    beyond = (x < -0.5) | (y < -0.5) | (x > columns * scale - 0.5) | (y > rows * scale - 0.5)
    if beyond.mean() > MOST_BEYOND_EDGE:
        return CUT
    in_image = Ellipse(
        (fitted.center_x + 0.5) / scale - 0.5,
        (fitted.center_y + 0.5) / scale - 0.5,
        fitted.semi_major / scale,
        fitted.semi_minor / scale,
        fitted.angle,
    )
    return Head(in_image, presence, _agreement(mask, fitted))


def _agreement(mask: NDArray[np.uint8], fitted: Ellipse) -> float:
    """Dice of the mask's probabilities and the ellipse: 1 where every pixel is certain and the shape is an ellipse."""
    x, y = fitted.center_x, fitted.center_y
    left, right = max(0, int(x - fitted.semi_major)), min(mask.shape[1], int(x + fitted.semi_major) + 2)
    top, bottom = max(0, int(y - fitted.semi_major)), min(mask.shape[0], int(y + fitted.semi_major) + 2)
    rows, columns = np.mgrid[top:bottom, left:right]
    inside = fitted.radius(np.column_stack([columns.ravel(), rows.ravel()])) <= 1
    within = int(mask[top:bottom, left:right].ravel()[inside].sum(dtype=np.int64))
    return 2 * within / (int(mask.sum(dtype=np.int64)) + 255 * int(inside.sum()))


def read(outputs: Mapping[str, NDArray[Any]], rows: int, columns: int) -> Observation | Refusal:
    """The head's outer contour as a polygon of image pixels (0.5 = centre of the first), or why there is no head to measure."""
    found = find(outputs, rows, columns)
    if isinstance(found, Refusal):
        return found
    contour = found.ellipse.points(CONTOUR_POINTS) + 0.5
    return Observation(
        100 * found.certainty,
        HEAD,
        tuple((float(x), float(y)) for x, y in contour),
        evaluations=criteria.judge(found.ellipse, found.agreement, rows, columns),
    )


def measure(observation: Observation, spacing_mm: tuple[float, float]) -> tuple[Measurement, ...]:
    """HC, BPD, OFD in mm and gestational age in days, of the outline; spacing between rows and between columns in mm."""
    fitted = ellipses.fit(np.asarray(observation.contour) * (spacing_mm[1], spacing_mm[0]))
    if fitted is None:
        return ()
    _, hc, bpd, ofd = next(row for row in reversed(LIMITS) if fitted.perimeter >= row[0])
    lengths = (
        _length(HC, fitted.perimeter, hc, HC_METHOD),
        _length(BPD, 2 * fitted.semi_minor, bpd, BPD_METHOD),
        _length(OFD, 2 * fitted.semi_major, ofd, OFD_METHOD),
    )
    return (*lengths, *gestational_age(fitted.perimeter))


def _length(code: Code, value: float, limits: float, method: str) -> Measurement:
    return Measurement(code, value, "mm", value * (1 - limits), value * (1 + limits), method)


def gestational_age_weeks(hc_mm: float) -> float:
    """Hadlock et al. 1984, single-parameter equation for head circumference (in cm in the paper)."""
    hc_cm = hc_mm / 10
    return 8.96 + 0.540 * hc_cm + 0.0003 * hc_cm**3


def gestational_age(hc_mm: float) -> tuple[Measurement, ...]:
    """Gestational age in days with the formula's two standard deviations; none outside the weeks that these are known for."""
    weeks = gestational_age_weeks(hc_mm)
    if not FORMULA_WEEKS[0] <= weeks <= FORMULA_WEEKS[1] or not math.isfinite(weeks):
        return ()
    spread = next(half for begins, half in reversed(VARIABILITY_WEEKS) if weeks >= begins)
    days = (7 * value for value in (weeks, weeks - spread, weeks + spread))
    value, lower, upper = days
    return (Measurement(GESTATIONAL_AGE, value, "d", lower, upper, HADLOCK_CITATION, HADLOCK_BY_HC),)
