"""Measures the served quality model on subjects that training never saw: `python -m services.inference.models.quality.evaluate`.

Goes the product's own way: ONNX Runtime, one thread, the graph's own resize, postprocess.py.
"""

import argparse
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from services.inference import codes
from services.inference.model import ClipObservation, Evaluation
from services.inference.models.quality import dataset, postprocess
from services.inference.models.quality.convert import some
from services.inference.models.quality.dataset import Box, Source
from services.inference.models.quality.faults import FAULTS, FAULTY, GRADES
from services.inference.models.quality.postprocess import ABSENT, PRESENT
from services.inference.training import foreign, images, measure, saliency
from services.inference.training.degrade import DEGRADATIONS
from services.inference.training.figures import Figure, Figures, Latency, Table
from services.inference.training.measure import Answers
from services.inference.training.metrics import Floats
from services.inference.training.picture import Pixels
from services.inference.training.served import Outputs, Served, latency

HERE = Path(__file__).parent
PROJECT = HERE.parents[3]
PER_SET = 15  # images of a set, each undegraded and in every grade of every fault
PER_SET_HARMED = 12  # in the table of robustness
CLIP_FRAMES = 40
REPEATED_EVERY = 4
COVERED = 0.5  # of a box, from which on it counts as found, or as an alarm
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
    "Chances are calibrated for a mixture of good and faulty pictures as in the evaluation; where faults are rarer, they are too high.",
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


def quality_of(outputs: Outputs) -> float:
    return 100 * float(1 - np.asarray(outputs["strength"], np.float64).max())


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
    """Of one fault: pictures as they are and those with it from FAULTY on; sure outside "not sure"."""
    chosen = [t for t in done if t.fault < 0 or (t.fault == fault and t.grade >= FAULTY)]
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


# Text.


def text_found(found: Sequence[ClipObservation]) -> list[Box]:
    """The boxes among what postprocess.py says."""
    boxes = []
    for one in found:
        contour = one.observation.contour
        if contour:
            boxes.append((contour[0][0], contour[0][1], contour[2][0], contour[2][1]))
    return boxes


def read_text(run: Served, pixels: Pixels) -> list[Box]:
    return text_found(postprocess.read_clip({1: run(pixels)}, *pixels.shape))


def covered(boxes: Sequence[Box], by: Sequence[Box], shape: tuple[int, ...], grown: float = 0.0) -> list[float]:
    """Of each box the share that lies in the others, these grown by a part of their height."""
    mask = np.zeros(shape, np.uint8)
    for left, top, right, bottom in by:
        more = grown * (bottom - top)
        mask[
            max(0, int(top - more)) : int(np.ceil(bottom + more)), max(0, int(left - more)) : int(np.ceil(right + more))
        ] = 1
    shares = []
    for left, top, right, bottom in boxes:
        inside = mask[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))]
        shares.append(float(inside.mean()) if inside.size else 1.0)
    return shares


@dataclass(frozen=True)
class TextRead:
    """One picture's text: shares of its lines that were found, and of the regions found, those that lie on text."""

    subject: str
    lines: Sequence[float]
    regions: Sequence[float]


def real_text(run: Served, sources: Sequence[Source]) -> list[TextRead]:
    """On pictures whose own text is known."""
    reads = []
    for source in sources:
        if source.text is None:
            continue
        found, shape = read_text(run, source.sample.pixels), source.sample.pixels.shape
        on = covered(found, [*source.text, *source.unclear], shape, grown=1.0)
        reads.append(TextRead(source.sample.subject, covered(source.text, found, shape), on))
    return reads


def drawn_text(run: Served, sources: Sequence[Source]) -> list[TextRead]:
    """On pictures with text and furniture drawn: connected cells of text are its lines."""
    reads = []
    for seed, source in enumerate(sources):
        if source.text is None:
            continue
        pixels, cells = dataset.printed(source, 7000 + seed)
        found = read_text(run, pixels)
        lines, anything = _boxes(cells > 0.5), _boxes((cells > 0.05) | (cells < 0))
        reads.append(
            TextRead(
                source.sample.subject,
                covered(lines, found, pixels.shape),
                covered(found, anything, pixels.shape, grown=1.0),
            )
        )
    return reads


def _boxes(cells: npt.NDArray[np.bool_]) -> list[Box]:
    count, _, stats, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8), connectivity=4)
    boxes = [tuple(4.0 * v for v in (x, y, x + w, y + h)) for x, y, w, h, area in stats[1:count].tolist() if area >= 4]
    return [(a, b, c, d) for a, b, c, d in boxes]


def lines_found(name: str, reads: Sequence[TextRead], **more: str) -> Figure:
    """Share of lines of which at least COVERED lies in a region."""
    values = np.array([float(share >= COVERED) for r in reads for share in r.lines])
    return measure.figure(name, _mean, values, [r.subject for r in reads for _ in r.lines], **more)


def regions_right(name: str, reads: Sequence[TextRead]) -> Figure:
    """Share of regions of which at least COVERED lies on text."""
    values = np.array([float(share >= COVERED) for r in reads for share in r.regions])
    return measure.figure(name, _mean, values, [r.subject for r in reads for _ in r.regions])


def _mean(values: Floats) -> float:
    return float(values.mean())


def without_text(run: Served, sources: Sequence[Source]) -> tuple[Floats, list[str], Table]:
    """Regions found where no text is, by set."""
    chosen = [s for s in sources if s.text is not None and not s.text and not s.unclear]
    counts = np.array([len(read_text(run, s.sample.pixels)) for s in chosen], np.float64)
    names = [s.sample.source for s in chosen]
    rows = [
        [name, names.count(name), int(sum(c > 0 for c, n in zip(counts, names, strict=True) if n == name))]
        for name in sorted(set(names))
    ]
    table = Table("Text found where there is none", ("set", "images", "with a false region"), rows)
    return (counts > 0).astype(np.float64), [s.sample.subject for s in chosen], table


def screens(data: Path) -> list[Source]:
    """First frames of the real DICOM files whose text is known."""
    samples = [s for s in foreign.real_ultrasound(data) if ("dicom", s.name) in dataset.text_boxes()]
    return dataset.sources(samples)


def said(found: Sequence[ClipObservation]) -> str:
    """The faults that were found, for a table."""
    answers: Iterator[Evaluation] = (e for one in found for e in one.observation.evaluations)
    names = {e.answer.meaning for e in answers if e.question == codes.QUALITY_FINDING and e.answer}
    return ", ".join(sorted(names - {codes.BURNED_IN_TEXT.meaning}))


def of_screens(run: Served, sources: Sequence[Source]) -> Table:
    """File by file: lines found, regions on text, quality, faults."""
    rows: list[Sequence[str | float | int]] = []
    for source, read in zip(sources, real_text(run, sources), strict=True):
        pixels = source.sample.pixels
        outputs = run(pixels)
        found = postprocess.read_clip({1: outputs}, *pixels.shape)
        lines = sum(share >= COVERED for share in read.lines)
        right = sum(share >= COVERED for share in read.regions)
        rows.append(
            [
                source.sample.name,
                f"{lines} of {len(read.lines)}",
                f"{right} of {len(read.regions)}",
                round(quality_of(outputs)),
                said(found),
            ]
        )
    columns = ("file", "lines found", "regions on text", "image quality, %", "faults found")
    return Table("Real DICOM files of other hospitals", columns, rows)


# Repeated frames.


def clips(data: Path) -> Iterator[tuple[str, list[Pixels]]]:
    """The first frames of every clip, by subject."""
    for row in images.rows(data / "lung" / "labels.csv"):
        if row["type"].lower() != "video":
            continue
        video, frames = cv2.VideoCapture(str(data / "lung" / row["file"])), []
        while len(frames) < CLIP_FRAMES and (got := video.read())[0]:
            frames.append(np.asarray(cv2.cvtColor(got[1], cv2.COLOR_BGR2GRAY), np.uint8))
        yield f"lung/{row['patient_id']}", frames


def with_clock(frame: Pixels) -> Pixels:
    """A clock in the corner, which moves on while the picture stands still."""
    printed = frame.copy()
    size = frame.shape[1] / 900
    cv2.putText(printed, "12:03:45", (4, int(30 * size)), cv2.FONT_HERSHEY_SIMPLEX, size, 255, 1, cv2.LINE_AA)
    return printed


def repeats(run: Served, data: Path) -> tuple[Figure, Figure]:
    """Frames put in twice, as they are or with a clock, and frames that follow each other truly."""
    hits, alarms = [], []
    of_hits: list[str] = []
    of_alarms: list[str] = []
    for subject, frames in clips(data):
        patterns = [np.asarray(run(frame)["pattern"], np.int16) for frame in frames]
        gaps = [postprocess.difference(*pair) for pair in itertools.pairwise(patterns)]
        known = [gap for gap in gaps if gap is not None]
        if not known or np.median(known) < 2 * postprocess.REPEATED:
            continue  # a recording that shows most frames twice itself
        alarms += [float(gap <= postprocess.REPEATED) for gap in known]
        of_alarms += [subject] * len(known)
        for frame in frames[::REPEATED_EVERY]:
            first = run(frame)
            for again in (first, run(with_clock(frame))):
                found = postprocess.read_clip({1: first, 2: again}, *frame.shape)
                hits.append(float(codes.FROZEN.meaning in said(found)))
                of_hits.append(subject)
    return (
        measure.figure("repeated frames found", _mean, np.array(hits), of_hits, note="half with a clock that moved on"),
        measure.figure(
            "frames wrongly called repeated",
            _mean,
            np.array(alarms),
            of_alarms,
            note="of clips whose frames differ for the most part; the bound was chosen on clips of this set",
        ),
    )


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
                _mean,
                np.array([float(alarmed(t)) for t in good]),
                [t.source.sample.subject for t in good],
            ),
            measure.figure(
                "grades by which the quality falls",
                _mean,
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
            measure.figure("pictures without text in which some is found", _mean, empty, of_empty),
            *repeats(run, data),
        ),
        roc=tuple(measure.roc(name, a.chances[:, 1], a.truths) for name, a in questions.items()),
        risk_coverage=tuple(measure.risk_coverage(name, a) for name, a in questions.items()),
        confusion=tuple(measure.confusion(name, a) for name, a in questions.items()),
        reliability=tuple(measure.reliability(name, a) for name, a in questions.items()),
        latency=(speed(run, tested[0].sample.pixels),),
        subgroups=(by_set(done),),
        robustness=(robustness(run, some(sources, "test", PER_SET_HARMED)),),
        tables=(by_grade(done), where_empty, of_screens(run, on_screens)),
        limits=LIMITS,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the data sets that the card names")
    parser.add_argument("--model", type=Path, default=HERE / "1" / "model.onnx")
    parser.add_argument("--pictures", type=Path, default=PROJECT / ".local" / "models" / "quality")
    parser.add_argument(
        "--card", action="store_true", help="as every model's evaluate.py has it; figures are always written"
    )
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    asked.pictures.mkdir(parents=True, exist_ok=True)
    found = evaluate(asked.data, asked.model, asked.pictures)
    measure.write(found, HERE, asked.model)
    measure.tell(found)


if __name__ == "__main__":
    main()
