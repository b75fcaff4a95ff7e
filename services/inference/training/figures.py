"""What an evaluation found, for people and for the report: one schema of `figures.json` for every model. Needs no torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Published:
    """What others report for the same task."""

    value: str
    source: str
    differs: str  # in data, split or pretraining


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure with its 95 % bootstrap interval over subjects."""

    name: str
    value: float
    low: float
    high: float
    unit: str = ""
    images: int = 0
    subjects: int = 0
    aim: str = ""  # as a comparison: ">= 0.97"
    met: bool | None = None
    published: Published | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """A line: ROC (false positive rate, sensitivity), FROC (false alarms an image, sensitivity), risk against coverage."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts; rows are the reference, columns the answers (they may have "not sure" beside the classes)."""

    name: str
    rows: Sequence[str]
    columns: Sequence[str]
    counts: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often the model is right where it says how sure it is, bin by bin."""

    name: str
    confidence: Sequence[float]
    accuracy: Sequence[float]
    counts: Sequence[int]
    expected_calibration_error: float


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """Measured minus reference against their mean: Bland and Altman, Lancet 1:307, 1986."""

    name: str
    unit: str
    mean: Sequence[float]
    difference: Sequence[float]
    bias: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds a frame of the size served, on that many threads of the named processor."""

    input: str
    threads: int
    median_ms: float
    p95_ms: float
    limit_ms: float


@dataclass(frozen=True, slots=True)
class Table:
    """Anything else that is read as a table: subgroups, robustness, sources left out, with and without near-duplicates."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | float | int]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """All that `make evaluate-<name>` writes."""

    model: str
    version: str
    command: str
    split: str  # which images, parted how
    headline: Sequence[Figure]
    roc: Sequence[Curve] = ()
    froc: Sequence[Curve] = ()
    risk_coverage: Sequence[Curve] = ()
    confusion: Sequence[Confusion] = ()
    reliability: Sequence[Reliability] = ()
    bland_altman: Sequence[BlandAltman] = ()
    latency: Sequence[Latency] = ()
    subgroups: Sequence[Table] = ()
    robustness: Sequence[Table] = ()
    tables: Sequence[Table] = ()
    limits: Sequence[str] = field(default=())  # what the figures cannot show, in sentences


_ADAPTER = TypeAdapter(Figures)


def dump(figures: Figures) -> bytes:
    """As JSON; raises ValueError, naming it, for a headline figure that is not a number."""
    for one in figures.headline:
        if not all(map(math.isfinite, (one.value, one.low, one.high))):
            raise ValueError(f"{figures.model}: {one.name} is not a number")
    return _ADAPTER.dump_json(figures, indent=1) + b"\n"


def load(data: bytes) -> Figures:
    """From JSON; raises pydantic's ValidationError with what is wrong."""
    return _ADAPTER.validate_json(data)


def write(figures: Figures, folder: Path) -> None:
    """To the model's `figures.json`. Raises as `dump`."""
    (folder / "figures.json").write_bytes(dump(figures))


def read(folder: Path) -> Figures:
    """From the model's `figures.json`. Raises FileNotFoundError, or as `load`."""
    return load((folder / "figures.json").read_bytes())
