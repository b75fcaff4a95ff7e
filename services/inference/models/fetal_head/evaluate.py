"""Measures the exported model on exams that training never saw: `python -m services.inference.models.fetal_head.evaluate`.

Goes the product's own way: ONNX Runtime, one thread, the graph's own resize, postprocess.py. Full-size pictures are made from
the half-size ones by repeating pixels where no original exists.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from services.inference.models.fetal_head import dataset, postprocess
from services.inference.models.fetal_head.dataset import Sample, axes_of, coverage
from services.inference.models.fetal_head.postprocess import Head, gestational_age_weeks
from services.inference.training import command, measure, metrics, served
from services.inference.training.degrade import DEGRADATIONS
from services.inference.training.figures import BlandAltman, Curve, Figure, Figures, Published, Reliability, Table
from services.inference.training.metrics import Floats
from services.inference.training.picture import Pixels
from services.inference.training.served import Served

LOG = logging.getLogger(__name__)
HERE = Path(__file__).parent
# Trimesters by head circumference through Hadlock's formula: up to 13 weeks 6 days, up to 27 weeks 6 days.
TRIMESTERS = ((14.0, "first"), (28.0, "second"), (99.0, "third"))
SIMULATED = 100
LIMIT_MS = 25.0
WELL = 0.05  # of the circumference: an outline that lies farther off is wrong
STRETCHED = "stretched to a square"  # a head has another shape then: nothing is to be measured
PICTURES = 24
DAG = "DAG V-Net, official test part of HC18 (PMC7887128)"
DIFFERS = "They train on the 999 public images and test on the 335 whose answers are kept; here exams kept from 805 of the 999."


@dataclass(frozen=True)
class Reading:
    """One picture's answer beside the truth."""

    sample: Sample
    presence: float
    found: Head | postprocess.Refusal
    dice: float = 0.0
    hc_mm: float = float("nan")
    bpd_mm: float = float("nan")
    ofd_mm: float = float("nan")

    @property
    def subject(self) -> str:
        return self.sample.name.split("_")[0]


def read(model: Served, sample: Sample) -> Reading:
    """The answer on one sample, through the post-processing."""
    rows, columns = sample.pixels.shape
    outputs = model(sample.pixels)
    presence = float(outputs["presence"][0])
    found = postprocess.find(outputs, rows, columns)
    if isinstance(found, postprocess.Refusal) or sample.quadric is None:
        return Reading(sample, presence, found)
    e = found.ellipse
    mine = (
        coverage(dataset.quadric_of(e.center_x, e.center_y, e.semi_major, e.semi_minor, e.angle), columns, rows) > 0.5
    )
    truth = coverage(sample.quadric, columns, rows) > 0.5
    dice = 2 * (mine & truth).sum() / (mine.sum() + truth.sum())
    mm = sample.spacing_mm or float("nan")
    return Reading(sample, presence, found, float(dice), e.perimeter * mm, 2 * e.semi_minor * mm, 2 * e.semi_major * mm)


def trimester(sample: Sample) -> str:
    """By the annotated head circumference."""
    weeks = gestational_age_weeks(sample.hc_mm or 0)
    return next(name for end, name in TRIMESTERS if weeks < end)


def doubled(sample: Sample) -> Sample:
    """The sample at full size (800 x 540), each pixel repeated 2 x 2."""
    quadric = sample.quadric
    if quadric is not None:
        back = np.array([[0.5, 0, -0.25], [0, 0.5, -0.25], [0, 0, 1]])
        quadric = back.T @ quadric @ back
    pixels = np.asarray(cv2.resize(sample.pixels, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST), np.uint8)
    return Sample(
        sample.name,
        sample.source,
        sample.part,
        pixels,
        sample.head,
        quadric,
        (sample.spacing_mm or 0) / 2,
        sample.hc_mm,
    )


def _errors(readings: Sequence[Reading]) -> dict[str, Floats]:
    """Measured minus annotated: HC, BPD and OFD in mm, gestational age in days."""
    truth = [axes_of(r.sample.quadric) for r in readings if r.sample.quadric is not None]
    mm = np.array([r.sample.spacing_mm or 0 for r in readings])
    return {
        "HC": np.array([r.hc_mm - (r.sample.hc_mm or 0) for r in readings]),
        "BPD": np.array([r.bpd_mm for r in readings]) - np.array([2 * t[1] for t in truth]) * mm,
        "OFD": np.array([r.ofd_mm for r in readings]) - np.array([2 * t[0] for t in truth]) * mm,
        "gestational age": np.array(
            [7 * (gestational_age_weeks(r.hc_mm) - gestational_age_weeks(r.sample.hc_mm or 0)) for r in readings]
        ),
    }


def _mean(values: Floats) -> float:
    return float(values.mean())


def _magnitude(values: Floats) -> float:
    return float(np.abs(values).mean())


def _half(values: Floats) -> float:
    low, high = metrics.limits_of_agreement(values)
    return (high - low) / 2


def headline(outlined: Sequence[Reading], readings: Sequence[Reading]) -> list[Figure]:
    found = [r for r in outlined if isinstance(r.found, Head)]
    subjects = [r.subject for r in found]
    errors = _errors(found)
    hc = errors["HC"]

    def one(
        name: str, of: Callable[[Floats], float], values: Floats, unit: str, aim: str = "", paper: str = ""
    ) -> Figure:
        published = Published(paper, DAG, DIFFERS) if paper else None
        return measure.figure(name, of, values, subjects, unit=unit, aim=aim, published=published)

    scores = np.array([r.presence for r in readings])
    heads = np.array([float(r.sample.head) for r in readings])
    return [
        one("Dice", _mean, np.array([r.dice for r in found]), "", ">= 0.98", "0.9793"),
        one("HC, mean absolute error", _magnitude, hc, "mm", "<= 1.75", "1.77 +- 1.69 mm"),
        one("HC, bias", _mean, hc, "mm", "", "0.09 mm"),
        one("HC, half the limits of agreement", _half, hc, "mm", "<= 4.8", "about 4.8 mm"),
        one("BPD, mean absolute error", _magnitude, errors["BPD"], "mm"),
        one("OFD, mean absolute error", _magnitude, errors["OFD"], "mm"),
        one(
            "gestational age, mean absolute difference from the formula on the annotated HC",
            _magnitude,
            errors["gestational age"],
            "d",
        ),
        measure.auroc("head or none, AUROC", scores, heads, [r.subject for r in readings]),
    ]


def agreement(found: Sequence[Reading]) -> list[BlandAltman]:
    errors = _errors(found)
    values = {"HC": "hc_mm", "BPD": "bpd_mm", "OFD": "ofd_mm"}
    plots = []
    for name, field in values.items():
        low, high = metrics.limits_of_agreement(errors[name])
        mean = [round(getattr(r, field) - e / 2, 1) for r, e in zip(found, errors[name], strict=True)]
        apart = [round(float(e), 2) for e in errors[name]]
        plots.append(BlandAltman(name, "mm", mean, apart, round(_mean(errors[name]), 2), round(low, 2), round(high, 2)))
    return plots


def certainty(found: Sequence[Reading]) -> tuple[Reliability, Curve]:
    """How often an outline is right (circumference within 5 %) where the model says how sure it is."""
    sure = np.array([r.found.certainty for r in found if isinstance(r.found, Head)])
    right = np.array([abs(r.hc_mm / (r.sample.hc_mm or 1) - 1) <= WELL for r in found])
    places = np.minimum((sure * 10).astype(int), 9)
    used = sorted(set(places.tolist()))
    plot = Reliability(
        "certainty of the outline, test and harmed test images",
        [round(float(sure[places == b].mean()), 4) for b in used],
        [round(float(right[places == b].mean()), 4) for b in used],
        [int((places == b).sum()) for b in used],
        round(metrics.calibration_error(sure, right.astype(np.float64)), 4),
    )
    return plot, Curve("circumference more than 5 % off", *metrics.risk_coverage(sure, right))


def calibration_error(found: Sequence[Reading]) -> Figure:
    """As `certainty` plots it."""
    sure = [r.found.certainty for r in found if isinstance(r.found, Head)]
    right = [float(abs(r.hc_mm / (r.sample.hc_mm or 1) - 1) <= WELL) for r in found]
    return measure.figure(
        "expected calibration error of the certainty",
        lambda pairs: metrics.calibration_error(pairs[:, 0], pairs[:, 1]),
        np.column_stack([sure, right]),
        [r.subject for r in found],
        note="test images as they are and harmed",
    )


def fitted_certainty(found: Sequence[Reading]) -> tuple[float, float]:
    """What postprocess.CERTAINTY is to be, by these readings."""
    heads = [r.found for r in found if isinstance(r.found, Head)]
    right = np.array([float(abs(r.hc_mm / (r.sample.hc_mm or 1) - 1) <= WELL) for r in found])
    return metrics.platt(np.log(np.maximum(1 - np.array([head.agreement for head in heads]), 1e-4)), right)


def group(name: str, readings: Sequence[Reading]) -> list[str | float | int]:
    """One row: images, refused, Dice, HC error, bias, limits, BPD and OFD error."""
    found = [r for r in readings if isinstance(r.found, Head)]
    if len(found) < 3:
        return [name, len(readings), len(readings) - len(found), *["-"] * 7]
    errors = _errors(found)
    low, high = metrics.limits_of_agreement(errors["HC"])
    return [
        name,
        len(readings),
        len(readings) - len(found),
        f"{np.mean([r.dice for r in found]):.4f}",
        f"{_magnitude(errors['HC']):.2f}",
        f"{_mean(errors['HC']):+.2f}",
        f"{low:.2f} to {high:.2f}",
        f"{_magnitude(errors['BPD']):.2f}",
        f"{_magnitude(errors['OFD']):.2f}",
        f"{_magnitude(errors['gestational age']):.2f}",
    ]


COLUMNS = (
    "group",
    "images",
    "refused",
    "Dice",
    "HC error, mm",
    "HC bias",
    "HC limits",
    "BPD error",
    "OFD error",
    "age, days",
)


def by_certainty(outlined: Sequence[Reading]) -> Table:
    """What the card's threshold withholds, and the figures of what is shown."""
    least = measure.threshold_of(HERE, "finding") / 100
    shown = [r for r in outlined if isinstance(r.found, Head) and r.found.certainty >= least]
    kept_back = [r for r in outlined if isinstance(r.found, Head) and r.found.certainty < least]
    rows = [group(f"certainty from {least:.0%} on", shown), group("below: not shown", kept_back)]
    return Table("By the certainty from which on a head is shown", COLUMNS, rows)


def presence_table(readings: Sequence[Reading]) -> Table:
    rows: list[Sequence[str | float | int]] = []
    for source in sorted({r.sample.source for r in readings}):
        for head in (True, False):
            mine = [r for r in readings if r.sample.source == source and r.sample.head is head]
            if not mine:
                continue
            right = sum((r.presence >= postprocess.PRESENT) is head for r in mine)
            low, high = metrics.proportion_interval(right, len(mine))
            rows.append([source, "head" if head else "none", len(mine), right, f"{low:.3f} to {high:.3f}"])
    return Table("Head or none", ("set", "truth", "images", "right", "95 %"), rows)


def moved(sample: Sample, pixels: Pixels) -> Sample:
    """The sample with these pixels; where its borders were cut off alike on both sides, the head lies elsewhere by so much."""
    rows, columns = sample.pixels.shape
    y, x = (rows - pixels.shape[0]) // 2, (columns - pixels.shape[1]) // 2
    back = np.array([[1.0, 0, x], [0, 1, y], [0, 0, 1]])
    return replace(sample, pixels=pixels, quadric=None if sample.quadric is None else back.T @ sample.quadric @ back)


def harmed(outlined: Sequence[Reading], model: Served) -> dict[str, list[Reading]]:
    return {
        name: [read(model, moved(r.sample, harm(r.sample.pixels))) for r in outlined]
        for name, harm in DEGRADATIONS.items()
        if name != STRETCHED
    }


def evaluate(model_path: Path, data: Path, part: str, pictures: Path) -> Figures:
    """All figures on one part of the data."""
    model = Served(model_path)
    samples = [s for s in (*dataset.heads(data), *dataset.planes(data), *dataset.others(data)) if s.part == part]
    readings = [read(model, sample) for sample in samples]
    outlined = [r for r in readings if r.sample.source == "hc18"]
    found = [r for r in outlined if isinstance(r.found, Head)]
    drawn = [read(model, sample) for sample in dataset.simulated(SIMULATED, 0, "test")]
    tissue = [read(model, sample) for sample in dataset.simulated(SIMULATED // 2, 5000, "test", head=False)]
    other = [r for r in readings if r.sample.source == "fetal_planes" and r.sample.quadric is not None]
    dice = [r.dice for r in other if isinstance(r.found, Head)]
    worse = harmed(outlined, model)
    every = [r for of_harm in worse.values() for r in of_harm if isinstance(r.found, Head)]
    reliability, risk = certainty(every)
    if part == "validation":
        LOG.info(f"postprocess.CERTAINTY by these: {fitted_certainty(every)}")
    pixels = outlined[0].sample.pixels
    full = doubled(outlined[0].sample).pixels
    trimesters = [(name, [r for r in outlined if trimester(r.sample) == name]) for _, name in TRIMESTERS]
    failures(outlined, pictures)
    return Figures(
        model="fetal_head",
        version=measure.version_of(HERE),
        command="make evaluate-fetal_head",
        split=f"HC18, {part} part by exam: {len(outlined)} images of {len({r.subject for r in outlined})} exams; beside them {len(other)} "
        f"outlined heads of another hospital and {len(readings) - len(outlined) - len(other)} images for head or none, by patient, subject "
        "or clip.",
        headline=[*headline(outlined, readings), calibration_error(every)],
        roc=[
            measure.roc(
                "head or none",
                np.array([r.presence for r in readings]),
                np.array([float(r.sample.head) for r in readings]),
            )
        ],
        risk_coverage=[risk],
        reliability=[reliability],
        bland_altman=agreement(found),
        latency=[
            served.latency(
                lambda image=image: postprocess.find(model(image), *image.shape),
                f"{image.shape[1]} x {image.shape[0]}",
                LIMIT_MS,
            )
            for image in (pixels, full)
        ],
        subgroups=[
            Table("Trimester, by the annotated circumference", COLUMNS, [group(*one) for one in trimesters]),
            by_certainty(outlined),
            Table(
                "Size of the image",
                COLUMNS,
                [group("half size", outlined), group("full size", [read(model, doubled(r.sample)) for r in outlined])],
            ),
        ],
        robustness=[Table("Robustness", COLUMNS, [group(name, of_harm) for name, of_harm in worse.items()])],
        tables=[
            presence_table(readings),
            Table("Heads that the project's simulator draws", COLUMNS, [group("heads", drawn)]),
            Table(
                "Others",
                ("images", "of", "refused", "Dice"),
                [
                    ["outlined heads of another hospital", len(other), len(other) - len(dice), f"{np.mean(dice):.4f}"],
                    [
                        "simulated tissue without a head",
                        len(tissue),
                        sum(not isinstance(r.found, Head) for r in tissue),
                        "-",
                    ],
                ],
            ),
        ],
        limits=[
            "One annotator's ellipses are the reference: part of every error is theirs.",
            "Almost all heads come from one hospital and two scanners of one maker; those of another hospital are few.",
            "Gestational age is compared with the same formula on the annotated circumference: the sets hold no other dating.",
            "Nothing within the skull is judged; of the plane's criteria three are answered from the outline, the others not.",
        ],
    )


def failures(outlined: Sequence[Reading], folder: Path) -> None:
    """Pictures of the heads farthest off, the annotator's outline green, ours red; they show data."""
    off = sorted(outlined, key=lambda r: r.dice)[:PICTURES]
    tiles = []
    for r in off:
        shown = cv2.cvtColor(r.sample.pixels, cv2.COLOR_GRAY2BGR)
        rows, columns = r.sample.pixels.shape
        ours = None
        if isinstance(r.found, Head):
            e = r.found.ellipse
            ours = dataset.quadric_of(e.center_x, e.center_y, e.semi_major, e.semi_minor, e.angle)
        for quadric, colour in ((r.sample.quadric, (0, 255, 0)), (ours, (0, 0, 255))):
            if quadric is not None:
                mask = (coverage(quadric, columns, rows) > 0.5).astype(np.uint8)
                edges, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
                cv2.drawContours(shown, edges, -1, colour, 1)
        sure = r.found.certainty if isinstance(r.found, Head) else 0.0
        text = f"{r.sample.name} {r.hc_mm - (r.sample.hc_mm or 0):+.1f} mm, sure {sure:.2f}"
        cv2.putText(shown, text, (2, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 255, 255))
        tiles.append(cv2.resize(shown, (400, 270)))
    tiles += [np.zeros((270, 400, 3), np.uint8)] * (-len(tiles) % 4)
    sheet = np.vstack([np.hstack(tiles[n : n + 4]) for n in range(0, len(tiles), 4)])
    cv2.imwrite(str(folder / "farthest_off.png"), sheet)


if __name__ == "__main__":
    parser = command.measuring("fetal_head")
    parser.add_argument("--part", choices=("validation", "test"), default="test")
    command.measured(
        "fetal_head",
        lambda asked: evaluate(asked.model, asked.data, asked.part, asked.pictures),
        parser=parser,
    )
