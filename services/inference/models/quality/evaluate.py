"""Measures the served quality model on subjects that training never saw: `python -m services.inference.models.quality.evaluate`.

Goes the product's own way: ONNX Runtime, one thread, the graph's own resize, postprocess.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from services.inference.models.quality import dataset, postprocess
from services.inference.models.quality.convert import some
from services.inference.models.quality.dataset import Source
from services.inference.models.quality.faults import FAULTS, FAULTY, GRADES
from services.inference.models.quality.postprocess import ABSENT, PRESENT
from services.inference.models.quality.repeat_figures import repeats
from services.inference.models.quality.screen_figures import of_screens, quality_of, screens
from services.inference.models.quality.text_figures import (
    drawn_text,
    lines_found,
    mean,
    real_text,
    regions_right,
    without_text,
)
from services.inference.training import command, measure, saliency
from services.inference.training.degrade import DEGRADATIONS
from services.inference.training.figures import Figures, Latency, Table
from services.inference.training.measure import Answers
from services.inference.training.metrics import Floats
from services.inference.training.picture import Pixels
from services.inference.training.served import Served, latency

HERE = Path(__file__).parent
PER_SET = 15  # images of a set, each undegraded and in every grade of every fault
PER_SET_HARMED = 12  # in the table of robustness
LIMIT_MS = 10.0
OTHER_HARM = (
    "as it is",
    "speckle 0.3",
    "speckle 0.6",
    "crop to 80 %",
    "crop to 65 %",
    "resolution / 2",
    "resolution / 4",
    "JPEG quality 40",
    "JPEG quality 15",
    "print added",
)
LIMITS = (
    "Faults are put into good pictures by formula; how often scanners make them, and how readers grade them, was not measured. Pictures of "
    "the sets that are faulty themselves count as good here.",
    "Chances are calibrated for pictures of which one in five or six has the fault in question, and measured on such; where faults are "
    "rarer, they are too high.",
    "The reference for text that the sets' pictures bring was read by a ready program (PP-OCR v4, at two or three times the size), on the "
    "DICOM files corrected by eye; signs of one letter count neither way.",
    "Chinese text was measured as drawn print only: none of the sets shows any.",
)


@dataclass(frozen=True)
class Trial:
    """One picture in one condition: the fault put in (its index, or -1), how strong, and what the model said."""

    source: Source
    fault: int
    grade: float
    chances: Floats
    quality: float


def trials(run: Served, sources: Sequence[Source]) -> list[Trial]:
    """Every source as it is and with each fault in each grade."""
    done = []
    for seed, source in enumerate(sources):
        cases = [(-1, 0.0), *((fault, grade) for fault in range(len(FAULTS)) for grade in GRADES)]
        for fault, grade in cases:
            pixels = source.sample.pixels if fault < 0 else dataset.harmed(source, FAULTS[fault], grade, seed)
            outputs = run(pixels)
            chances = np.asarray(outputs["faults"], np.float64)
            done.append(Trial(source, fault, grade, chances, quality_of(outputs)))
    return done


def question(done: Sequence[Trial], fault: int) -> Answers:
    """Of one fault: pictures as they are and those with it from FAULTY on."""
    return answers([t for t in done if t.fault < 0 or (t.fault == fault and t.grade >= FAULTY)], fault)


def mixture(done: Sequence[Trial], fault: int) -> Answers:
    """Of one fault: pictures as they are, with another fault, and with it from FAULTY on, as convert.py calibrates the chances."""
    return answers([t for t in done if t.fault != fault or t.grade >= FAULTY], fault)


def answers(chosen: Sequence[Trial], fault: int) -> Answers:
    """What was said of one fault; sure outside "not sure"."""
    p = np.array([t.chances[fault] for t in chosen])
    truths = np.array([int(t.fault == fault) for t in chosen], np.int64)
    sure = np.asarray((p >= PRESENT[fault]) | (p <= ABSENT[fault]))
    subjects = [t.source.sample.subject for t in chosen]
    return Answers(("absent", "present"), np.column_stack([1 - p, p]), truths, subjects, sure)


def alarmed(trial: Trial) -> bool:
    return bool((trial.chances >= np.array(PRESENT)).any())


def by_grade(done: Sequence[Trial]) -> Table:
    """How often each fault is found in each grade."""
    rows: list[Sequence[str | float | int]] = []
    for fault, name in enumerate(FAULTS):
        for grade in GRADES:
            members = [t for t in done if t.fault == fault and t.grade == grade]
            p = np.array([t.chances[fault] for t in members])
            unsure = (p > ABSENT[fault]) & (p < PRESENT[fault])
            middle = float(np.median([t.quality for t in members]))
            rows.append(
                [name, grade, len(p), f"{(p >= PRESENT[fault]).mean():.3f}", f"{unsure.mean():.3f}", round(middle)]
            )
    good = [t for t in done if t.fault < 0]
    rows.append(
        [
            "none",
            0.0,
            len(good),
            f"{np.mean([alarmed(t) for t in good]):.3f}",
            "",
            round(float(np.median([t.quality for t in good]))),
        ]
    )
    columns = ("fault", "strength", "images", "found", "not sure", "median image quality, %")
    return Table("Found, by grade", columns, rows, "In the last line: undegraded pictures in which any fault is found.")


def by_set(done: Sequence[Trial]) -> Table:
    """False alarms and findings of each data set."""
    rows: list[Sequence[str | float | int]] = []
    for name in sorted({t.source.sample.source for t in done}):
        mine = [t for t in done if t.source.sample.source == name]
        good = [t for t in mine if t.fault < 0]
        alarms = [f"{sum(t.chances[n] >= PRESENT[n] for t in good)}" for n in range(len(FAULTS))]
        found = [t.chances[t.fault] >= PRESENT[t.fault] for t in mine if t.fault >= 0 and t.grade >= FAULTY]
        rows.append([name, len(good), *alarms, f"{np.mean(found):.3f}"])
    columns = ("set", "undegraded", *(f"{name}, alarms" for name in FAULTS), "found from grade 2 on")
    return Table("By data set (organ)", columns, rows)


def falling(done: Sequence[Trial]) -> tuple[Floats, list[str]]:
    """Of each picture and fault, the share of neighbouring grades (none counted) between which the quality falls."""
    good = {id(t.source): t.quality for t in done if t.fault < 0}
    shares, subjects = [], []
    steps: dict[tuple[int, int], list[Trial]] = {}
    for t in done:
        if t.fault >= 0:
            steps.setdefault((id(t.source), t.fault), []).append(t)
    for (source, _), members in steps.items():
        levels = [good[source], *(t.quality for t in sorted(members, key=lambda t: t.grade))]
        shares.append(float(np.mean(np.diff(levels) < 0)))
        subjects.append(members[0].source.sample.subject)
    return np.array(shares), subjects


def robustness(run: Served, sources: Sequence[Source]) -> Table:
    """False alarms and findings (strength 0.75) on pictures that are also harmed in another way."""
    rows: list[Sequence[str | float | int]] = []
    for name in OTHER_HARM:
        harm = DEGRADATIONS[name]
        good = [np.asarray(run(harm(s.sample.pixels))["faults"]) for s in sources]
        alarms = [int(sum(p[n] >= PRESENT[n] for p in good)) for n in range(len(FAULTS))]
        found = [
            float(
                np.mean(
                    [
                        run(harm(dataset.harmed(s, fault, 0.75, seed)))["faults"][n] >= PRESENT[n]
                        for seed, s in enumerate(sources)
                    ]
                )
            )
            for n, fault in enumerate(FAULTS)
        ]
        rows.append([name, len(sources), *alarms, *(f"{share:.2f}" for share in found)])
    columns = ("harm", "images", *(f"{name}, alarms" for name in FAULTS), *(f"{name}, found" for name in FAULTS))
    return Table("Robustness", columns, rows)


def speed(run: Served, pixels: Pixels) -> Latency:
    frame = np.asarray(cv2.resize(pixels, (640, 480)), np.uint8)
    return latency(lambda: postprocess.read_clip({1: run(frame)}, 480, 640), "640 x 480", LIMIT_MS)


def failures(done: Sequence[Trial], pictures: Path) -> None:
    """A sheet of the surest mistakes; it shows data and stays out of git."""
    good = [t for t in done if t.fault < 0 and alarmed(t)]
    missed = [t for t in done if t.grade == 1.0 and t.chances[t.fault] <= ABSENT[t.fault]]
    samples, texts = [], []
    for t in [*good[:24], *missed[:24]]:
        samples.append(t.source.sample)
        texts.append(f"called {FAULTS[int(t.chances.argmax())]}" if t.fault < 0 else f"missed {FAULTS[t.fault]}")
    if samples:
        saliency.sheet(samples, pictures / "mistakes.png", texts)


def evaluate(data: Path, model: Path, pictures: Path) -> Figures:
    """All figures, on the test part."""
    run = Served(model)
    sources = dataset.read(data)
    tested = some(sources, "test", PER_SET)
    done = trials(run, tested)
    failures(done, pictures)
    questions: Mapping[str, Answers] = {name: question(done, n) for n, name in enumerate(FAULTS)}
    mixtures: Mapping[str, Answers] = {name: mixture(done, n) for n, name in enumerate(FAULTS)}
    good = [t for t in done if t.fault < 0]
    falls, of_falls = falling(done)
    kept = [s for s in sources if s.sample.part == "test"]
    own = real_text(run, [s for s in kept if s.text])
    on_screens = screens(data)
    screen_reads = real_text(run, on_screens)
    print_reads = drawn_text(run, tested)
    empty, of_empty, where_empty = without_text(run, kept)
    return Figures(
        model="quality",
        version=measure.version_of(HERE),
        command="make evaluate-quality",
        split="By exam, patient, clip or subject (liver: by image) from the SHA-256 of its name: 75 % training, 10 % validation "
        f"(calibration, thresholds), 15 % test; here the test part, at most {PER_SET} images of a set",
        headline=(
            *(
                measure.auroc(
                    f"AUROC, {name.replace('_', ' ')}",
                    a.chances[:, 1],
                    a.truths,
                    a.subjects,
                    note="strength 0.5 to 1 against undegraded pictures",
                )
                for name, a in questions.items()
            ),
            measure.figure(
                "undegraded pictures called faulty",
                mean,
                np.array([float(alarmed(t)) for t in good]),
                [t.source.sample.subject for t in good],
            ),
            measure.figure(
                "grades by which the quality falls",
                mean,
                falls,
                of_falls,
                note="steps between neighbouring grades of a fault",
            ),
            lines_found("lines of text found, drawn print", print_reads),
            regions_right("regions on text, drawn print", print_reads),
            lines_found("lines of text found, the pictures' own", own),
            regions_right("regions on text, the pictures' own", own),
            lines_found("lines of text found, real DICOM screens", screen_reads, note="13 files of other hospitals"),
            regions_right("regions on text, real DICOM screens", screen_reads),
            measure.figure("pictures without text in which some is found", mean, empty, of_empty),
            *repeats(run, data),
            *(
                measure.calibration_error(a, f"expected calibration error, {name.replace('_', ' ')}")
                for name, a in mixtures.items()
            ),
        ),
        roc=tuple(measure.roc(name, a.chances[:, 1], a.truths) for name, a in questions.items()),
        risk_coverage=tuple(measure.risk_coverage(name, a) for name, a in questions.items()),
        confusion=tuple(measure.confusion(name, a) for name, a in questions.items()),
        reliability=tuple(measure.reliability(name, a) for name, a in mixtures.items()),
        latency=(speed(run, tested[0].sample.pixels),),
        subgroups=(by_set(done),),
        robustness=(robustness(run, some(sources, "test", PER_SET_HARMED)),),
        tables=(by_grade(done), where_empty, of_screens(run, on_screens)),
        limits=LIMITS,
    )


if __name__ == "__main__":
    command.measured("quality", lambda asked: evaluate(asked.data, asked.model, asked.pictures))
