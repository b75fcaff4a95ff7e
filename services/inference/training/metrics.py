"""Figures of a measurement against its reference, each with a bootstrap interval over subjects."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
ROUNDS = 2000


def limits_of_agreement(differences: Floats) -> tuple[float, float]:
    """Bias -+ 1.96 standard deviations: Bland and Altman, Lancet 1:307, 1986."""
    half = 1.96 * float(differences.std(ddof=1))
    return float(differences.mean()) - half, float(differences.mean()) + half


def auroc(positives: Floats, negatives: Floats) -> float:
    """Chance that a positive scores above a negative, ties counted half (Mann-Whitney)."""
    pooled = np.concatenate([positives, negatives])
    _, places, counts = np.unique(pooled, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    n = len(positives)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * len(negatives)))


def interval(figure: Callable[[Floats], float], values: Floats, subjects: Sequence[str]) -> tuple[float, float]:
    """95% percentile bootstrap interval of `figure(values)`, drawing whole subjects (Efron 1979); always the same draws."""
    rng = np.random.default_rng(0)
    names, members = np.unique(np.asarray(subjects), return_inverse=True)
    rows = [np.flatnonzero(members == n) for n in range(len(names))]
    figures = []
    for _ in range(ROUNDS):
        drawn = np.concatenate([rows[n] for n in rng.integers(len(rows), size=len(rows))])
        figures.append(figure(values[drawn]))
    low, high = np.percentile(figures, (2.5, 97.5))
    return float(low), float(high)


def calibration_error(chances: Floats, truths: Floats, bins: int = 10) -> float:
    """Expected calibration error over equally wide bins: Naeini et al., AAAI 2015."""
    places = np.minimum((chances * bins).astype(int), bins - 1)
    gaps = [
        abs(float(chances[places == b].mean() - truths[places == b].mean())) * float((places == b).mean())
        for b in set(places.tolist())
    ]
    return float(sum(gaps))


def softmax(logits: Floats) -> Floats:
    """Chances [n, classes]."""
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def temperature(logits: Floats, truths: npt.NDArray[np.int64]) -> float:
    """What to divide logits by so that the log-likelihood of the truth is highest: Guo et al., ICML 2017 (arXiv 1706.04599)."""

    def unlikely(t: float) -> float:
        return float(-np.log(softmax(logits / t)[np.arange(len(truths)), truths] + 1e-12).mean())

    grid = np.exp(np.linspace(np.log(0.2), np.log(5), 129))
    return float(grid[int(np.argmin([unlikely(float(t)) for t in grid]))])


def platt(scores: Floats, truths: Floats) -> tuple[float, float]:
    """Slope and offset with which sigmoid(slope x + offset) makes the truths (0 or 1) likeliest (Platt 1999), by Newton's method."""
    x, w = np.column_stack([scores, np.ones_like(scores)]), np.zeros(2)
    little = 1e-2 * np.eye(2)  # keeps the slope finite where a threshold parts the truths
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        w = w - np.linalg.solve((x.T * (p * (1 - p))) @ x + little, x.T @ (p - truths) + little @ w)
    return float(w[0]), float(w[1])


def f1(truths: npt.NDArray[Any], answers: npt.NDArray[Any], of: Any) -> float:
    """Harmonic mean of one class's precision and sensitivity; 0 where it is neither there nor answered."""
    right = float(((truths == of) & (answers == of)).sum())
    either = float((truths == of).sum() + (answers == of).sum())
    return 2 * right / either if either else 0.0


def macro_f1(truths: npt.NDArray[Any], answers: npt.NDArray[Any], classes: Sequence[Any]) -> float:
    """Mean F1 over the classes."""
    return float(np.mean([f1(truths, answers, of) for of in classes]))


def roc(scores: Floats, truths: npt.NDArray[Any], points: int = 100) -> tuple[list[float], list[float]]:
    """False positive rates and sensitivities from the strictest threshold on, thinned to about so many points."""
    order = np.argsort(-scores, kind="stable")
    ends = np.r_[np.flatnonzero(np.diff(scores[order])), len(scores) - 1]
    found, alarms = np.cumsum(truths[order] > 0)[ends], np.cumsum(truths[order] <= 0)[ends]
    x, y = np.r_[0, alarms / max(1, alarms[-1])], np.r_[0, found / max(1, found[-1])]
    keep = np.unique(np.searchsorted(x + y, np.linspace(0, 2, points)).clip(0, len(x) - 1))
    return [round(float(v), 4) for v in x[keep]], [round(float(v), 4) for v in y[keep]]


def risk_coverage(certainties: Floats, right: npt.NDArray[Any], points: int = 50) -> tuple[list[float], list[float]]:
    """Coverages and the share of wrong answers among those covered, the most certain first: El-Yaniv and Wiener, JMLR 11:1605, 2010."""
    order = np.argsort(-certainties, kind="stable")
    wrong = np.cumsum(~np.asarray(right, bool)[order]) / np.arange(1, len(order) + 1)
    keep = np.unique(np.linspace(0, len(order) - 1, min(points, len(order))).astype(int))
    return [round(float((n + 1) / len(order)), 4) for n in keep], [round(float(wrong[n]), 4) for n in keep]


def proportion_interval(right: int, of: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share, for counts too few to bootstrap: Wilson, JASA 22:209, 1927."""
    if of == 0:
        return 0.0, 1.0
    z = 1.96
    p = right / of
    middle, half = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return max(0.0, (middle - half) / (1 + z * z / of)), min(1.0, (middle + half) / (1 + z * z / of))
