"""Measures the exported model on exams that training never saw: `python -m services.inference.models.fetal_head.evaluate`.

Goes the product's own way: ONNX Runtime, one thread, the graph's own resize, postprocess.py. Full-size pictures are made from
the half-size ones by repeating pixels where no original exists.
"""

import argparse
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import yaml
from numpy.typing import NDArray

from services.inference.models.fetal_head import dataset, postprocess
from services.inference.models.fetal_head.dataset import Sample, axes_of, coverage
from services.inference.models.fetal_head.postprocess import Head, gestational_age_weeks
from services.inference.training.metrics import Floats, auroc, calibration_error, interval, limits_of_agreement

HERE = Path(__file__).parent
# Trimesters by head circumference through Hadlock's formula: up to 13 weeks 6 days, up to 27 weeks 6 days.
TRIMESTERS = ((14.0, "first"), (28.0, "second"), (99.0, "third"))
SIMULATED = 100


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


def session(model: Path) -> onnxruntime.InferenceSession:
    """The model on one CPU thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def run(model: onnxruntime.InferenceSession, pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """The outputs of one grey picture, without the leading axis."""
    mask, presence = model.run(["mask", "presence"], {"image": pixels[None, :, :, None]})
    return {"mask": mask[0], "presence": presence[0]}


def read(model: onnxruntime.InferenceSession, sample: Sample) -> Reading:
    """The answer on one sample, through the post-processing."""
    rows, columns = sample.pixels.shape
    outputs = run(model, sample.pixels)
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


def _figure(values: Floats, subjects: list[str], of: Any = np.mean) -> list[float]:
    return [round(v, 4) for v in (float(of(values)), *interval(lambda drawn: float(of(drawn)), values, subjects))]


def heads(readings: list[Reading]) -> dict[str, Any]:
    """Agreement with the annotators over outlined heads with a known scale: [figure, low, high] with 95% intervals."""
    read_ = [r for r in readings if isinstance(r.found, Head)]
    subjects = [r.subject for r in read_]
    truth = [axes_of(r.sample.quadric) for r in read_ if r.sample.quadric is not None]
    hc = np.array([r.hc_mm - (r.sample.hc_mm or float("nan")) for r in read_])
    bpd = np.array([r.bpd_mm - 2 * t[1] * (r.sample.spacing_mm or 0) for r, t in zip(read_, truth, strict=True)])
    ofd = np.array([r.ofd_mm - 2 * t[0] * (r.sample.spacing_mm or 0) for r, t in zip(read_, truth, strict=True)])
    days = np.array([7 * (gestational_age_weeks(r.hc_mm) - gestational_age_weeks(r.sample.hc_mm or 0)) for r in read_])
    relative = 100 * hc / np.array([r.sample.hc_mm or 1 for r in read_])
    return {
        "images": len(readings),
        "exams": len({r.subject for r in readings}),
        "refused": len(readings) - len(read_),
        "dice": _figure(np.array([r.dice for r in read_]), subjects),
        "hc_absolute_error_mm": _figure(np.abs(hc), subjects),
        "hc_bias_mm": _figure(hc, subjects),
        "hc_limits_of_agreement_mm": [round(v, 2) for v in limits_of_agreement(hc)],
        "hc_limits_of_agreement_percent": [round(v, 2) for v in limits_of_agreement(relative)],
        "bpd_absolute_error_mm": _figure(np.abs(bpd), subjects),
        "bpd_limits_of_agreement_mm": [round(v, 2) for v in limits_of_agreement(bpd)],
        "ofd_absolute_error_mm": _figure(np.abs(ofd), subjects),
        "ofd_limits_of_agreement_mm": [round(v, 2) for v in limits_of_agreement(ofd)],
        "ga_absolute_difference_days": _figure(np.abs(days), subjects),
    }


def presence(readings: list[Reading]) -> dict[str, Any]:
    """How well pictures with a head are told from those without."""
    scores = np.array([r.presence for r in readings])
    truths = np.array([float(r.sample.head) for r in readings])
    return {
        "with_head": int(truths.sum()),
        "without_head": int((1 - truths).sum()),
        "auroc": round(auroc(scores[truths == 1], scores[truths == 0]), 5),
        "sensitivity": round(float((scores[truths == 1] >= postprocess.PRESENT).mean()), 4),
        "specificity": round(float((scores[truths == 0] < postprocess.PRESENT).mean()), 4),
        "specificity_by_source": {
            source: [int((s < postprocess.PRESENT).sum()), len(s)]
            for source in sorted({r.sample.source for r in readings if not r.sample.head})
            for s in [np.array([r.presence for r in readings if r.sample.source == source and not r.sample.head])]
        },
        "calibration_error": round(calibration_error(scores, truths), 4),
    }


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


def latency_ms(model: onnxruntime.InferenceSession, sample: Sample) -> float:
    """Median CPU time of one frame, mask and post-processing together, on one thread."""
    cv2.setNumThreads(1)
    times = []
    for _ in range(40):
        begun = time.thread_time()
        postprocess.find(run(model, sample.pixels), *sample.pixels.shape)
        times.append(1000 * (time.thread_time() - begun))
    return float(np.median(times[5:]))


def evaluate(model_path: Path, data: Path, part: str) -> dict[str, Any]:
    """All figures on one part of the data."""
    model = session(model_path)
    samples = [s for s in (*dataset.heads(data), *dataset.planes(data), *dataset.others(data)) if s.part == part]
    readings = [read(model, sample) for sample in samples]
    outlined = [r for r in readings if r.sample.source == "hc18"]
    full = [read(model, doubled(r.sample)) for r in outlined]
    drawn = [read(model, sample) for sample in dataset.simulated(SIMULATED, 0, "test")]
    tissue = [read(model, sample) for sample in dataset.simulated(SIMULATED // 2, 5000, "test", head=False)]
    other = [r for r in readings if r.sample.source == "fetal_planes" and r.sample.quadric is not None]
    return {
        "part": part,
        "heads": heads(outlined),
        "heads_by_trimester": {
            name: heads(chosen)
            for _, name in TRIMESTERS
            if len(chosen := [r for r in outlined if trimester(r.sample) == name]) > 2
        },
        "heads_at_full_size": heads(full),
        "heads_of_another_hospital": {
            "images": len(other),
            "refused": sum(not isinstance(r.found, Head) for r in other),
            "dice": round(float(np.mean([r.dice for r in other if isinstance(r.found, Head)])), 4),
        },
        "simulated": heads(drawn),
        "simulated_without_head": {
            "images": len(tissue),
            "refused": sum(not isinstance(r.found, Head) for r in tissue),
        },
        "presence": presence(readings),
        "latency_ms_one_thread": round(latency_ms(model, outlined[0].sample), 1),
        "latency_ms_one_thread_full_size": round(latency_ms(model, doubled(outlined[0].sample)), 1),
    }


def write_card(figures: dict[str, Any], model: Path) -> None:
    """Put the figures and the digest of the weights into the card."""
    path = HERE / "card.yaml"
    card = yaml.safe_load(path.read_text(encoding="utf-8"))
    card["weights"]["sha256"] = hashlib.sha256(model.read_bytes()).hexdigest()
    card["figures"] = figures
    path.write_text(yaml.safe_dump(card, sort_keys=False, allow_unicode=True, width=140), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the data sets that the card names")
    parser.add_argument("--model", type=Path, default=HERE / "1" / "model.onnx")
    parser.add_argument("--part", choices=("validation", "test"), default="test")
    parser.add_argument("--card", action="store_true", help="write figures and the weights' digest into card.yaml")
    asked = parser.parse_args()
    figures = evaluate(asked.model, asked.data, asked.part)
    print(yaml.safe_dump(figures, sort_keys=False, width=120))
    if asked.card:
        write_card(figures, asked.model)


if __name__ == "__main__":
    main()
