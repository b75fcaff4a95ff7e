"""Reading the breast lesion model: contour, diameters, probability of malignancy, and when it says nothing."""

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from services.inference.codes import BENIGN, LESION, MALIGNANT, PROBABILITY_OF_CANCER
from services.inference.model import Observation
from services.inference.models.breast_lesion import outline, postprocess
from services.inference.models.breast_lesion.postprocess import (
    BENIGN_BELOW,
    LONG_AXIS,
    MALIGNANT_ABOVE,
    NO_LESION,
    SHORT_AXIS,
)

Mask = NDArray[np.uint8]


def ellipse(x: float, y: float, a: float, b: float, degrees: float = 0.0) -> Mask:
    """A soft-edged ellipse on the model's mask."""
    large = np.zeros((288 * 8, 288 * 8), np.uint8)
    centre, axes = (round(8 * x + 3.5), round(8 * y + 3.5)), (round(8 * a), round(8 * b))
    cv2.ellipse(large, centre, axes, degrees, 0, 360, 255, cv2.FILLED)
    return np.asarray(cv2.resize(large, (288, 288), interpolation=cv2.INTER_AREA), np.uint8)


def outputs(mask: Mask, presence: float = 0.99, malignancy: float = 0.5) -> dict[str, NDArray[np.generic]]:
    chances = {"presence": presence, "malignancy": malignancy}
    return {"mask": mask, **{name: np.array([value], np.float32) for name, value in chances.items()}}


def observed(mask: Mask, rows: int, columns: int, malignancy: float = 0.5) -> Observation:
    found = postprocess.read(outputs(mask, malignancy=malignancy), rows, columns)
    assert isinstance(found, Observation)
    return found


@pytest.mark.parametrize("scale", (1, 2.5))
def test_the_contour_lies_on_the_lesion_in_pixels_of_the_frame(scale: float) -> None:
    found = observed(ellipse(120, 90, 40, 20), round(288 * scale), round(216 * scale))
    x, y = np.array(found.contour).T
    assert np.allclose([x.min(), x.max()], [80.5 * scale, 160.5 * scale], atol=0.6 * scale)
    assert np.allclose([y.min(), y.max()], [70.5 * scale, 110.5 * scale], atol=0.6 * scale)
    assert found.finding == LESION


def test_both_diameters_are_measured_in_mm_however_the_lesion_lies() -> None:
    found = observed(ellipse(140, 140, 50, 20, degrees=30), 288, 288)
    long, short = postprocess.measure(found, (0.2, 0.2))
    assert (long.code, short.code, long.unit) == (LONG_AXIS, SHORT_AXIS, "mm")
    assert math.isclose(long.value, 20, abs_tol=0.3)
    assert math.isclose(short.value, 8, abs_tol=0.3)
    assert long.lower < long.value < long.upper


def test_pixels_that_are_not_square_are_measured_as_they_are() -> None:
    found = observed(ellipse(140, 140, 30, 30), 288, 288)
    long, short = postprocess.measure(found, (0.4, 0.2))
    assert math.isclose(long.value, 24, abs_tol=0.4)
    assert math.isclose(short.value, 12, abs_tol=0.4)


def test_of_two_parts_the_larger_is_the_lesion() -> None:
    both = np.maximum(ellipse(80, 80, 30, 20), ellipse(220, 200, 10, 8))
    x, _ = np.array(observed(both, 288, 288).contour).T
    assert x.max() < 120


def test_without_a_lesion_nothing_is_said() -> None:
    assert postprocess.read(outputs(ellipse(140, 140, 30, 30), presence=0.2), 288, 288) == NO_LESION
    assert postprocess.read(outputs(np.zeros((288, 288), np.uint8)), 288, 288) == NO_LESION


def test_a_speck_is_no_lesion() -> None:
    assert postprocess.read(outputs(ellipse(140, 140, 1.5, 1.5)), 288, 288) == NO_LESION


def test_the_probability_of_malignancy_is_told_in_percent() -> None:
    (cancer,) = observed(ellipse(140, 140, 30, 30), 288, 288, malignancy=0.73).figures
    assert cancer.code == PROBABILITY_OF_CANCER
    assert (round(cancer.value), cancer.unit) == (73, "%")


@pytest.mark.parametrize(
    ("malignancy", "answer"), ((BENIGN_BELOW - 0.01, BENIGN), (MALIGNANT_ABOVE + 0.01, MALIGNANT), (BENIGN_BELOW, None))
)
def test_the_nature_is_answered_where_it_is_clear(malignancy: float, answer: object) -> None:
    (nature,) = observed(ellipse(140, 140, 30, 30), 288, 288, malignancy=malignancy).evaluations
    assert nature.answer == answer
    assert bool(nature.why) == (answer is None)


def test_a_contour_of_one_point_has_no_length() -> None:
    assert outline.diameters(np.array([[3.0, 4.0]])) == (0.0, 0.0)


def test_of_two_outlined_parts_the_surer_one_is_read_and_of_equally_sure_ones_the_larger() -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[4:30, 4:30], mask[40:52, 40:52] = 180, 250
    assert outline.contour(mask).min() > 35
    mask[4:30, 4:30] = 250
    assert outline.contour(mask).max() < 35
