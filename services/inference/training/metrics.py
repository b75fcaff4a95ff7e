"""Figures of a measurement against its reference, each with a bootstrap interval over subjects."""

from collections.abc import Callable, Sequence

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
