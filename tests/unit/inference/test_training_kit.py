"""The training kit: splits that hold, figures that are right, outlines drawn to a fraction of a pixel."""

import math

import numpy as np
import pytest

from services.inference.models.fetal_head.dataset import axes_of, coverage, quadric_of
from services.inference.training.degrade import DEGRADATIONS
from services.inference.training.folds import folds, near_duplicates
from services.inference.training.measure import Answers, by_class, confusion, macro_f1
from services.inference.training.metrics import (
    auroc,
    calibration_error,
    interval,
    limits_of_agreement,
    proportion_interval,
    risk_coverage,
    roc,
    softmax,
    temperature,
)
from services.inference.training.picture import Picture
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


def test_folds_share_no_subject_and_spread_each_label() -> None:
    rng = np.random.default_rng(0)
    subjects = [f"p{n}" for n in rng.integers(0, 60, 300)]
    labels = ["rare" if subject in ("p1", "p2", "p3", "p4") else "common" for subject in subjects]
    placed = folds(labels, subjects, 4)
    assert all(len({int(f) for f, s in zip(placed, subjects, strict=True) if s == one}) == 1 for one in set(subjects))
    assert {int(fold) for fold, label in zip(placed, labels, strict=True) if label == "rare"} == {0, 1, 2, 3}
    assert np.bincount(placed).min() > 0.6 * 300 / 4


def test_an_image_and_its_brighter_copy_are_near_duplicates_and_another_is_not() -> None:
    rng = np.random.default_rng(1)
    first, second = (np.asarray(rng.integers(0, 200, (8, 8)).repeat(20, 0).repeat(20, 1), np.uint8) for _ in range(2))
    group = near_duplicates([first, second, first + np.uint8(20)], np.eye(3, dtype=np.float32))
    assert group[0] == group[2] != group[1]


def test_images_of_like_features_are_near_duplicates_whatever_their_pixels() -> None:
    rng = np.random.default_rng(2)
    pictures = [np.asarray(rng.integers(0, 256, (64, 64)), np.uint8) for _ in range(3)]
    features = np.array([[1, 0], [0, 1], [0.99, 0.05]], np.float32)
    group = near_duplicates(pictures, features)
    assert group[0] == group[2] != group[1]


def test_the_temperature_undoes_what_made_a_network_too_sure() -> None:
    rng = np.random.default_rng(3)
    honest = rng.normal(0, 1.5, (4000, 4))
    truths = np.array([rng.choice(4, p=row) for row in softmax(honest)])
    assert temperature(3 * honest, truths) == pytest.approx(3, rel=0.1)


def test_the_roc_encloses_the_area_that_auroc_counts() -> None:
    rng = np.random.default_rng(4)
    scores, truths = rng.normal(0, 1, 2000), rng.random(2000) < 0.3
    scores[truths] += 1
    x, y = roc(scores, truths, points=400)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(y, x) == pytest.approx(auroc(scores[truths], scores[~truths]), abs=2e-3)


def test_risk_falls_when_only_the_certain_are_answered() -> None:
    certainties = np.linspace(0, 1, 101)
    coverage, risk = risk_coverage(certainties, certainties > 0.3)
    assert (coverage[-1], risk[0]) == (1.0, 0.0)
    assert risk[-1] == pytest.approx(0.31, abs=0.01)


def test_the_interval_of_a_few_counts_is_wide_and_never_beyond_nought_and_one() -> None:
    assert proportion_interval(6, 6) == pytest.approx((0.61, 1.0), abs=0.01)  # Wilson 1927
    assert proportion_interval(0, 0) == (0.0, 1.0)


def answers() -> Answers:
    """Six pictures of three classes: one of class b is taken for a, and one of c is not sure."""
    chances = np.array([[9, 1, 0], [8, 1, 1], [7, 2, 1], [1, 8, 1], [1, 1, 8], [3, 3, 4]]) / 10
    sure = np.array([True, True, True, True, True, False])
    return Answers("abc", chances, np.array([0, 0, 1, 1, 2, 2]), list("tuvwxy"), sure)


def test_confusion_counts_the_unsure_apart() -> None:
    assert confusion("all", answers()).counts == [[2, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]]
    assert [row[-1] for row in by_class("all", answers()).rows] == [1, 0, 0]  # false alarms


def test_macro_f1_is_the_mean_over_classes() -> None:
    found = macro_f1("all", answers(), (0, 1, 2), aim=">= 0.97")
    assert found.value == pytest.approx((0.8 + 2 / 3 + 1) / 3, abs=1e-4)
    assert found.met is False
    assert found.low <= found.value <= found.high


def test_a_picture_is_filled_from_the_top_left_at_one_scale() -> None:
    picture = Picture(64, 96)
    image = picture.letterbox(np.full((100, 100), 255, np.uint8))
    assert image.shape == (64, 96)
    assert image[:63, :63].min() == pytest.approx(1, abs=0.01)
    assert image[:, 66:].max() == 0
    assert picture.normalise(image).min() == -1


@pytest.mark.parametrize("name", list(DEGRADATIONS))
def test_a_degradation_gives_a_grey_picture_and_leaves_the_original_alone(name: str) -> None:
    pixels = np.asarray(np.random.default_rng(5).integers(0, 256, (90, 120)), np.uint8)
    before = pixels.copy()
    harmed = DEGRADATIONS[name](pixels)
    assert harmed.dtype == np.uint8
    assert harmed.ndim == 2
    assert (pixels == before).all()
