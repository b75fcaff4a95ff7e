"""What is watched of the models' answers, as metrics: counted as they come, with a bounded number of series."""

from __future__ import annotations

from collections.abc import Iterable

from services.inference import metrics
from services.inference.drift import Measure, Tally
from services.inference.shadow import Difference

# Hospitals and scanners come and go without end, series of metrics must not: what comes later is counted together.
_MOST_PAIRS = 100
_OTHER = "other"
_pairs: set[tuple[str, str]] = set()


def labels(tally: Tally, organisation: str, scanner: str) -> dict[str, str]:
    """No more than a hundred pairs of hospital and scanner are told apart."""
    pair = (organisation, scanner or "unknown")
    if pair not in _pairs and len(_pairs) >= _MOST_PAIRS:
        pair = (_OTHER, _OTHER)
    _pairs.add(pair)
    return {"model": tally.model, "version": tally.version, "organisation": pair[0], "scanner": pair[1]}


def counted(tallies: dict[Tally, int], organisation: str, scanner: str) -> None:
    """Count shown answers and reviews; a tenth of the scale by its middle."""
    for tally, number in tallies.items():
        if not tally.shown:
            continue
        named = labels(tally, organisation, scanner)
        match tally.measure:
            case Measure.OUTCOME:
                metrics.ANSWERS.labels(**named, outcome=tally.bin).inc(number)
            case Measure.REVIEW:
                metrics.REVIEWS.labels(**named, review=tally.bin).inc(number)
            case score:
                for _ in range(number):
                    metrics.SCORES.labels(**named, score=score.value).observe(10 * int(tally.bin) + 5)


def compared(differences: Iterable[Difference]) -> None:
    """Count what was compared with what is shown."""
    for one in differences:
        metrics.SHADOW_COMPARED.labels(model=one.model, code=one.code).inc()
        if one.disagrees:
            metrics.SHADOW_DISAGREED.labels(model=one.model, code=one.code).inc()
        if one.shadow_value is not None and one.shown_value is not None:
            difference = abs(one.shadow_value - one.shown_value)
            metrics.SHADOW_DIFFERENCE.labels(model=one.model, code=one.code).observe(difference)
