"""The training kit: splits that hold, figures that are right, outlines drawn to a fraction of a pixel."""

import math

import numpy as np
import pytest

from services.inference.models.fetal_head.dataset import axes_of, coverage, quadric_of
from services.inference.training.metrics import auroc, calibration_error, interval, limits_of_agreement
from services.inference.training.split import part_of


def test_a_subject_is_always_in_the_same_part_and_each_part_has_its_share() -> None:
    parts = [part_of("set", f"{number:04}") for number in range(4000)]
    assert parts == [part_of("set", f"{number:04}") for number in range(4000)]
    shares = {part: parts.count(part) / len(parts) for part in set(parts)}
    assert shares == pytest.approx({"train": 0.75, "validation": 0.10, "test": 0.15}, abs=0.02)


def test_auroc_counts_pairs_and_ties_half() -> None:
    positives, negatives = np.array([0.9, 0.8, 0.5, 0.5]), np.array([0.5, 0.1, 0.85])
    pairs = [1.0 if p > n else 0.5 if p == n else 0.0 for p in positives for n in negatives]
    assert auroc(positives, negatives) == pytest.approx(sum(pairs) / len(pairs))


def test_limits_of_agreement_hold_95_percent_of_normal_differences() -> None:
    differences = np.random.default_rng(1).normal(0.5, 2.0, 20_000)
    low, high = limits_of_agreement(differences)
    assert (low, high) == pytest.approx((0.5 - 3.92, 0.5 + 3.92), abs=0.1)
    assert ((differences > low) & (differences < high)).mean() == pytest.approx(0.95, abs=0.01)


def test_the_bootstrap_draws_subjects_and_not_their_images() -> None:
    rng = np.random.default_rng(2)
    per_subject = rng.normal(0, 1, 60)
    values = np.repeat(per_subject, 5)  # five images that say the same
    subjects = [str(n) for n in range(60) for _ in range(5)]
    low, high = interval(lambda drawn: float(drawn.mean()), values, subjects)
    assert high - low == pytest.approx(2 * 1.96 * per_subject.std() / math.sqrt(60), rel=0.15)


def test_calibration_error_is_the_gap_between_said_and_true() -> None:
    assert calibration_error(np.full(100, 0.8), np.array([1.0] * 80 + [0.0] * 20)) == pytest.approx(0)
    assert calibration_error(np.full(100, 0.95), np.array([1.0] * 50 + [0.0] * 50)) == pytest.approx(0.45)


@pytest.mark.parametrize("angle", [0.0, 0.7, 2.5])
def test_coverage_has_the_area_and_the_place_of_the_ellipse(angle: float) -> None:
    quadric = quadric_of(60.3, 44.8, 30.2, 21.7, angle)
    assert axes_of(quadric) == pytest.approx((30.2, 21.7))
    covered = coverage(quadric, 130, 90).astype(float)
    assert covered.sum() == pytest.approx(math.pi * 30.2 * 21.7, rel=2e-3)
    y, x = np.indices(covered.shape)
    assert ((covered * x).sum() / covered.sum(), (covered * y).sum() / covered.sum()) == pytest.approx(
        (60.3, 44.8), abs=0.03
    )
