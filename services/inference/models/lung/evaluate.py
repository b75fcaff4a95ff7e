"""Measures the lung model: `python -m services.inference.models.lung.evaluate --data FOLDER`.

Every patient, and every source, is left out in turn (train.py keeps those answers); the served file is measured for its speed.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from services.inference.models.lung import convert, train
from services.inference.models.lung.postprocess import SIGNS, SURE, pool
from services.inference.training import command, measure, metrics, saliency
from services.inference.training.degrade import DEGRADATIONS
from services.inference.training.figures import Figures, Table
from services.inference.training.images import Sample
from services.inference.training.measure import Answers
from services.inference.training.metrics import Floats
from services.inference.training.served import Served, boxed, latency

HERE = Path(__file__).parent
LIMIT_MS = 25.0
LIMITS = (
    "36 clips of 12 patients: 26 normal, 7 with B-lines (5 of them of one patient), 3 with consolidation (2 of them with B-lines too), "
    "none with an effusion. The intervals say it: nothing here holds for another hospital.",
    "25 of the 26 normal clips come from one source, and nothing else does: left out by patient, the model may know the source and not "
    "the lung. Left out by source, it must judge that source from a single normal clip. Its true worth lies between, nearer the lower.",
    "Stills and clips for which the set names no sign were left out.",
)


def clips_of(samples: Sequence[Sample], logits: Floats, heat: float, groups: Sequence[str]) -> Answers:
    """One answer a clip, as the service pools it; its subject is the group that was left out."""
    chances = metrics.softmax(logits / heat)
    names = [sample.facts["clip"] for sample in samples]
    first = {name: names.index(name) for name in dict.fromkeys(names)}
    pooled = np.stack([pool(chances[[n for n, one in enumerate(names) if one == name]]) for name in first])
    truths = np.array([SIGNS.index(train.sign_of(samples[n]) or "") for n in first.values()])
    return Answers(SIGNS, pooled, truths, [groups[n] for n in first.values()], np.asarray(pooled.max(1) >= SURE))


def frames_of(samples: Sequence[Sample], logits: Floats, heat: float) -> Answers:
    chances = metrics.softmax(logits / heat)
    truths = np.array([SIGNS.index(train.sign_of(one) or "") for one in samples])
    return Answers(SIGNS, chances, truths, [one.subject for one in samples], np.asarray(chances.max(1) >= SURE))


def abnormal(answers: Answers) -> tuple[Floats, npt.NDArray[np.float64]]:
    """How likely a clip is not normal, and whether it is not."""
    return 1 - answers.chances[:, 0], (answers.truths != 0).astype(np.float64)


def evaluate(data: Path, model: Path, pictures: Path) -> Figures:
    """All figures."""
    samples = train.load(data)
    kept = np.load(HERE / train.LEFT_OUT)
    heat = convert.temperature(samples)
    patients = [sample.subject for sample in samples]
    sources = [train.source_of(sample) for sample in samples]
    by_patient = clips_of(samples, kept["by_patient"], heat, patients)
    by_source = clips_of(samples, kept["by_source"], heat, sources)
    run = Served(model)
    frame = np.asarray(cv2.resize(samples[0].pixels, (640, 480)), np.uint8)
    frames = frames_of(samples, kept["by_patient"], heat)
    failures(samples, by_patient, frames, pictures / "mistakes.png")
    probes = [s.facts["probe"] for s in {sample.facts["clip"]: sample for sample in samples}.values()]
    return Figures(
        model="lung",
        version=measure.version_of(HERE),
        command="make evaluate-lung",
        split="every patient left out in turn, and every source left out in turn; answers by clip",
        headline=(
            measure.accuracy("accuracy by clip, patient left out", by_patient, note="exploratory: see the limits"),
            measure.macro_f1("macro-F1 by clip, patient left out", by_patient, range(len(SIGNS))),
            measure.auroc("AUROC, not normal, patient left out", *abnormal(by_patient), by_patient.subjects),
            measure.accuracy(
                "accuracy by clip, source left out",
                by_source,
                note="one normal clip is left when the largest source is out",
            ),
            measure.auroc("AUROC, not normal, source left out", *abnormal(by_source), by_source.subjects),
            measure.calibration_error(by_patient, "expected calibration error by clip, patient left out"),
        ),
        roc=(
            measure.roc("not normal, patient left out", *abnormal(by_patient)),
            measure.roc("not normal, source left out", *abnormal(by_source)),
        ),
        risk_coverage=(measure.risk_coverage("clips, patient left out", by_patient),),
        confusion=(
            measure.confusion("clips, patient left out", by_patient),
            measure.confusion("clips, source left out", by_source),
            measure.confusion("frames, patient left out", frames),
        ),
        reliability=(measure.reliability("frames, patient left out", frames),),
        latency=(latency(lambda: run(boxed(frame)), "640 x 480 with its sector found", LIMIT_MS),),
        subgroups=(
            measure.by_group("By source, patient left out", by_patient, by_source.subjects),
            measure.by_group("By source, source left out", by_source, by_source.subjects),
            measure.by_group("By probe, patient left out", by_patient, probes),
        ),
        robustness=(robustness(samples, heat),),
        tables=(
            measure.by_class("By sign, patient left out", by_patient),
            measure.by_class("By sign, source left out", by_source),
            _clips(samples, by_patient, by_source),
        ),
        limits=LIMITS,
    )


def robustness(samples: Sequence[Sample], heat: float) -> Table:
    """How the answers by clip fall as the frames get worse; every patient left out in turn, and learnt from unharmed frames alone."""
    seen, patients = train.see(samples), [sample.subject for sample in samples]
    rows: list[Sequence[str | float | int]] = []
    for name, harm in DEGRADATIONS.items():
        harmed = [replace(sample, pixels=harm(sample.pixels)) for sample in samples]
        got = clips_of(samples, train.left_out(seen, patients, harmed), heat, patients)
        wrong = int((~got.right & got.sure).sum())
        rows.append([name, len(got.truths), int(got.right.sum()), int((~got.sure).sum()), wrong])
    return Table("Robustness", ("harm", "clips", "right", "not sure", "wrong and sure"), rows)


def failures(samples: Sequence[Sample], by_patient: Answers, frames: Answers, path: Path) -> None:
    """Of every clip that was read wrongly the frame that spoke most for the wrong sign; it shows data and stays out of git."""
    clips = np.unique([sample.facts["clip"] for sample in samples], return_inverse=True)[1]
    names = list(dict.fromkeys(clips.tolist()))
    shown, texts = [], []
    for n in np.flatnonzero(~by_patient.right):
        members = np.flatnonzero(clips == names[n])
        shown.append(samples[members[frames.chances[members, by_patient.best[n]].argmax()]])
        texts.append(f"{SIGNS[by_patient.truths[n]]} as {SIGNS[by_patient.best[n]]}")
    saliency.sheet(shown, path, texts)


def _clips(samples: Sequence[Sample], by_patient: Answers, by_source: Answers) -> Table:
    """Every clip that either way got wrong: so few can be named."""
    names = list(dict.fromkeys(sample.facts["clip"].split("/")[-1] for sample in samples))
    rows: list[Sequence[str | float | int]] = [
        [name, SIGNS[by_patient.truths[n]], SIGNS[by_patient.best[n]], SIGNS[by_source.best[n]]]
        for n, name in enumerate(names)
        if not (by_patient.right[n] and by_source.right[n])
    ]
    return Table("Clips read wrongly", ("clip", "reference", "patient left out", "source left out"), rows)


if __name__ == "__main__":
    command.measured("lung", lambda asked: evaluate(asked.data, asked.model, asked.pictures))
