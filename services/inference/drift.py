"""Whether a model's answers have changed: what is counted of them, and when two windows differ by more than chance. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.inference import codes
from services.inference.model import Stage
from services.inference.result import FAILED, Result, Run


class Measure(StrEnum):
    """What is counted."""

    OUTCOME = "outcome"  # images and clips: findings, nothing (refused or not sure), failed
    CERTAINTY = "certainty"  # statements, by tenths of the scale
    PROBABILITY = "probability"  # of cancer, by tenths
    REVIEW = "review"  # findings, by what an expert made of them


TENTHS = tuple(map(str, range(10)))
BINS: dict[Measure, tuple[str, ...]] = {
    Measure.OUTCOME: ("findings", "nothing", "failed"),
    Measure.CERTAINTY: TENTHS,
    Measure.PROBABILITY: TENTHS,
    Measure.REVIEW: ("accepted", "corrected", "rejected"),
}


@dataclass(frozen=True, slots=True, order=True)
class Tally:
    """One thing that is counted."""

    model: str
    version: str
    shown: bool
    measure: Measure
    bin: str


class Verdict(StrEnum):
    """What two windows say of each other."""

    TOO_FEW = "too_few"
    STEADY = "steady"
    WATCH = "watch"
    DRIFTS = "drifts"


# Population stability index: below 0.1 no change, from 0.25 a change that asks for action (Siddiqi, Credit Risk Scorecards, Wiley 2006).
WATCH_FROM, DRIFT_FROM = 0.1, 0.25
# Fewer in either window are not compared; the platform's own choice.
LEAST = 30
# With few counts chance alone exceeds those: a change must also exceed what 1 of 100 windows of one population would show,
# chi-squared(bins - 1) x (1/n + 1/m) (Yurdakul, Statistical properties of population stability index, Western Michigan University 2018).
_CHI_SQUARED_99 = (6.635, 9.210, 11.345, 13.277, 15.086, 16.812, 18.475, 20.090, 21.666)


@dataclass(frozen=True, slots=True)
class Shift:
    """Counts by bin before and now, their population stability index, and what follows; no index where there are too few."""

    reference: tuple[int, ...]
    recent: tuple[int, ...]
    psi: float | None
    verdict: Verdict


def shift(reference: Sequence[int], recent: Sequence[int]) -> Shift:
    """How far the recent counts lie from those before."""
    before, now = tuple(reference), tuple(recent)
    n, m = sum(before), sum(now)
    if min(n, m) < LEAST:
        return Shift(before, now, None, Verdict.TOO_FEW)
    used = [(b, r) for b, r in zip(before, now, strict=True) if b or r]
    # Half a count in each bin: an empty one would make the index infinite.
    shares = [((b + 0.5) / (n + 0.5 * len(used)), (r + 0.5) / (m + 0.5 * len(used))) for b, r in used]
    psi = sum((r - b) * math.log(r / b) for b, r in shares)
    chance = _CHI_SQUARED_99[len(used) - 2] * (1 / n + 1 / m) if len(used) > 1 else math.inf
    if psi < max(WATCH_FROM, chance):
        return Shift(before, now, round(psi, 4), Verdict.STEADY)
    return Shift(before, now, round(psi, 4), Verdict.DRIFTS if psi >= DRIFT_FROM else Verdict.WATCH)


def tenth(percent: float) -> str:
    """The tenth of the scale in which a percentage lies."""
    return str(min(9, max(0, int(percent / 10))))


def tallies(result: Result) -> Counter[Tally]:
    """What a recorded result adds to the counts."""
    counted: Counter[Tally] = Counter()
    for run in result.runs:
        model = run.model.partition("@")[0]
        for outcome, number in _outcomes(result, run).items():
            counted[Tally(model, run.version, run.shown, Measure.OUTCOME, outcome)] += number
        for group in result.groups:
            if group.model != run.model:
                continue
            certain = tenth(group.reading.observation.certainty_percent)
            counted[Tally(model, run.version, run.shown, Measure.CERTAINTY, certain)] += 1
            for figure in group.reading.measurements:
                if figure.code == codes.PROBABILITY_OF_CANCER:
                    counted[Tally(model, run.version, run.shown, Measure.PROBABILITY, tenth(figure.value))] += 1
    return counted


def _outcomes(result: Result, run: Run) -> Counter[str]:
    """By image, however many frames it has: those of a clip are much alike, and would make chance look like a change."""
    if run.outcome == FAILED:
        return Counter({"failed": max(1, run.images)})
    groups = [group for group in result.groups if group.model == run.model]
    spoken = {group.source.sop_instance_uid for group in groups if run.stage is Stage.SCREEN or group.says_something}
    silent = {one.source.sop_instance_uid for one in result.silences if one.model == run.model}
    asked = silent | {group.source.sop_instance_uid for group in groups}
    return +Counter({"findings": len(spoken), "nothing": len(asked - spoken)})
