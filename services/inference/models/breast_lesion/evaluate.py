"""Measures the breast lesion model: `python -m services.inference.models.breast_lesion.evaluate --data FOLDER`.

Figures of accuracy come from the official folds' networks, each on patients that it never saw (out_of_fold.csv); the served file, which
learnt from all of them, is measured for its speed and on what no training saw.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from services.inference import polygon
from services.inference.models.breast_lesion import answers, convert, dataset, postprocess
from services.inference.models.breast_lesion.answers import Answer
from services.inference.models.breast_lesion.dataset import FOLDS, Sample
from services.inference.training import command, figures, measure, metrics, served
from services.inference.training.degrade import DEGRADATIONS
from services.inference.training.figures import Curve, Figure, Figures, Published, Table
from services.inference.training.measure import Answers
from services.inference.training.metrics import Floats

HERE = Path(__file__).parent
LIMIT_MS = 25.0
ROBUSTNESS = "Robustness"  # of the folds' networks
PER_SERVED = 200  # images of the sets in the table of the served file
HIT = 0.5  # of Dice: an outline that overlaps less is beside the lesion
PER_HARM = 160  # images in the table of robustness
PICTURES = 24
RESNET = "Gomez-Flores et al., Med Phys 51(4):3110, 2024: ResNet-18, official five folds"
DIFFERS = (
    "They crop by the annotated lesion and train on the first fold too; here the model finds the lesion itself, on folds 2 to 5, images "
    "of at most 288 pixels, and never sees the first. Both start from ImageNet's weights."
)
PUBLISHED_SPECIFICITY = 0.868
SIZES = ((0.2, "small"), (0.4, "middle"), (9.0, "large"))  # longest diameter as part of the image's longer side


def chances(found: Sequence[Answer], by: convert.Calibration) -> tuple[Floats, Floats]:
    """Calibrated chances of presence and of malignancy."""
    presence = np.array([a.presence_logit for a in found]) * by.presence_slope + by.presence_offset
    malignancy = np.array([a.malignant_logit for a in found]) * by.malignancy_slope + by.malignancy_offset
    return 1 / (1 + np.exp(-presence)), 1 / (1 + np.exp(-malignancy))


def cross_calibrated(lesions: Sequence[Answer]) -> Floats:
    """Chance of malignancy of each fold by the calibration of the others: what calibration is worth on patients it never saw."""
    got = np.zeros(len(lesions))
    for fold in {a.fold for a in lesions}:
        mine = [n for n, a in enumerate(lesions) if a.fold == fold]
        by = convert.calibration([a for a in lesions if a.fold != fold])
        got[mine] = chances([lesions[n] for n in mine], by)[1]
    return got


def nature(found: Sequence[Answer], cancer: Floats) -> Answers:
    sure = (cancer < postprocess.BENIGN_BELOW) | (cancer >= postprocess.MALIGNANT_ABOVE)
    truths = np.array([int(a.malignant) for a in found])
    return Answers(
        ("benign", "malignant"), np.column_stack([1 - cancer, cancer]), truths, [a.subject for a in found], sure
    )


def at_threshold(lesions: Sequence[Answer], cancer: Floats, subjects: Sequence[str]) -> list[Figure]:
    """Accuracy, sensitivity and specificity where malignant means a chance of at least one half."""
    pairs = np.column_stack([cancer >= 0.5, [a.malignant for a in lesions]]).astype(np.float64)

    def share(of: Floats, truth: float) -> float:
        members = of[of[:, 1] == truth]
        return float((members[:, 0] == truth).mean()) if len(members) else 0.0

    def published(value: str) -> Published:
        return Published(value, RESNET, DIFFERS)

    return [
        measure.figure(
            "accuracy", lambda p: float((p[:, 0] == p[:, 1]).mean()), pairs, subjects, published=published("0.865")
        ),
        measure.figure("sensitivity", lambda p: share(p, 1.0), pairs, subjects, published=published("0.859")),
        measure.figure("specificity", lambda p: share(p, 0.0), pairs, subjects, published=published("0.868")),
    ]


def at_published_specificity(raw: Floats, truth: npt.NDArray[np.bool_], subjects: Sequence[str]) -> Figure:
    """Sensitivity at the threshold that calls as many benign lesions benign as the published network does."""

    def of(pairs: Floats) -> float:
        benign, malignant = pairs[pairs[:, 1] <= 0, 0], pairs[pairs[:, 1] > 0, 0]
        return float((malignant > np.quantile(benign, PUBLISHED_SPECIFICITY)).mean())

    return measure.figure(
        f"sensitivity at a specificity of {PUBLISHED_SPECIFICITY}",
        of,
        np.column_stack([raw, truth]).astype(np.float64),
        subjects,
        published=Published("0.859", RESNET, DIFFERS),
    )


def by_patient(raw: Floats, truth: npt.NDArray[np.bool_], subjects: Sequence[str]) -> Figure:
    """AUC of the mean logit over a patient's images, which mostly show one lesion from two sides."""
    names, of = np.unique(subjects, return_inverse=True)
    counts = np.bincount(of)
    return measure.auroc(
        "AUC of malignancy by patient",
        np.bincount(of, raw) / counts,
        np.bincount(of, truth) / counts >= 0.5,
        [str(name) for name in names],
        note="mean of the logits of a patient's images; the platform says each image's own",
    )


def froc(lesions: Sequence[Answer], others: Sequence[Answer], presence: Floats) -> Curve:
    """Lesions found and outlined against outlines on images of other organs, by the threshold on presence."""
    of_lesions, of_others = presence[: len(lesions)], presence[len(lesions) :]
    hit = np.array([a.dice >= HIT for a in lesions])
    alarms = np.array([a.longest > 0 for a in others])
    bounds = np.unique(np.quantile(presence, np.linspace(0, 1, 60)))[::-1]
    x = [round(float(((of_others >= b) & alarms).mean()), 4) for b in bounds]
    y = [round(float(((of_lesions >= b) & hit).mean()), 4) for b in bounds]
    return Curve(
        "lesion found", x, y, "False alarms are counted on images of other organs: normal breast was not to be had."
    )


def false_alarms(others: Sequence[Answer], presence: Floats) -> Table:
    rows: list[list[str | float | int]] = []
    for source in sorted({a.source for a in others}):
        mine = np.array([a.source == source for a in others])
        shown = int(((presence >= postprocess.PRESENT) & mine & np.array([a.longest > 0 for a in others])).sum())
        low, high = metrics.proportion_interval(shown, int(mine.sum()))
        rows.append([source, int(mine.sum()), shown, f"{low:.3f} to {high:.3f}"])
    return Table("False alarms on other organs", ("set", "images", "false alarms", "95 %"), rows)


def subgroup(title: str, lesions: Sequence[Answer], cancer: Floats, groups: Sequence[str], note: str = "") -> Table:
    """Of each group: images, malignant ones, AUC, accuracy, Dice, found."""
    rows: list[list[str | float | int]] = []
    for name in sorted(set(groups)):
        members = [n for n, group in enumerate(groups) if group == name]
        truth = np.array([lesions[n].malignant for n in members])
        score = cancer[members]
        both = 0 < truth.sum() < len(truth)
        rows.append(
            [
                name,
                len(members),
                int(truth.sum()),
                f"{metrics.auroc(score[truth], score[~truth]):.3f}" if both else "-",
                f"{((score >= 0.5) == truth).mean():.3f}",
                f"{np.mean([lesions[n].dice for n in members]):.3f}",
                f"{np.mean([lesions[n].dice >= HIT for n in members]):.3f}",
            ]
        )
    return Table(title, ("group", "images", "malignant", "AUC", "accuracy", "Dice", "found"), rows, note)


def size_of(one: Answer) -> str:
    return next(name for end, name in SIZES if one.extent < end)


def subgroups(lesions: Sequence[Answer], cancer: Floats) -> list[Table]:
    by_size = (
        "Longest diameter below 20 %, 20 to 40 %, above 40 % of the image's longer side: the set holds no calibration."
    )
    return [
        subgroup("Scanner", lesions, cancer, [a.device for a in lesions]),
        subgroup("Lesion size", lesions, cancer, [size_of(a) for a in lesions], by_size),
        subgroup("BI-RADS assessment by the reader", lesions, cancer, [str(a.birads) for a in lesions]),
        subgroup("Fold", lesions, cancer, [str(a.fold) for a in lesions]),
    ]


def size_errors(lesions: Sequence[Answer], subjects: Sequence[str]) -> list[Figure]:
    """Of the found lesions: how far both diameters lie from those of the annotator's outline."""
    found = [n for n, a in enumerate(lesions) if a.dice >= HIT]
    long = np.array([100 * abs(lesions[n].longest / lesions[n].true_longest - 1) for n in found])
    wide = np.array([100 * abs(lesions[n].width / lesions[n].true_width - 1) for n in found])
    of = [subjects[n] for n in found]
    return [
        measure.figure("error of the longest diameter", lambda v: float(v.mean()), long, of, unit="%"),
        measure.figure("error of the perpendicular diameter", lambda v: float(v.mean()), wide, of, unit="%"),
    ]


def agreement(lesions: Sequence[Answer]) -> figures.BlandAltman:
    """Of the longest diameter in percent of the annotator's, against it in percent of the image."""
    found = [a for a in lesions if a.dice >= HIT]
    apart = np.array([100 * (a.longest / a.true_longest - 1) for a in found])
    low, high = metrics.limits_of_agreement(apart)
    mean = [round(100 * a.extent, 1) for a in found]
    return figures.BlandAltman(
        "longest diameter (mean in % of the image)",
        "%",
        mean,
        [round(float(v), 1) for v in apart],
        round(float(apart.mean()), 2),
        round(low, 2),
        round(high, 2),
    )


def _harmed(sample: Sample, name: str) -> Sample:
    harm = DEGRADATIONS[name]
    mask = sample.mask
    if mask is not None and ("crop" in name or "square" in name):
        mask = (harm(255 * mask) > 127).astype(np.uint8)
    return replace(sample, pixels=harm(sample.pixels), mask=mask)


def robustness(lesions: Sequence[Sample], by: convert.Calibration) -> Table | None:
    """What the folds' networks say of harmed images of patients that they never saw."""
    paths = {fold: convert.FOLDER / f"fold{fold}.onnx" for fold in FOLDS}
    runs = {fold: served.Served(path) for fold, path in paths.items() if path.exists()}
    kept = [sample for sample in lesions if sample.fold in runs]
    chosen = [kept[n] for n in np.random.default_rng(0).permutation(len(kept))[:PER_HARM]]
    if not chosen:
        return None
    rows: list[list[str | float | int]] = []
    for name in DEGRADATIONS:
        harmed = [_harmed(sample, name) for sample in chosen]
        harmed = [sample for sample in harmed if sample.mask is not None and sample.mask.sum() > 50]
        got = [answers.answer(runs[sample.fold], sample, sample.fold) for sample in harmed]
        presence, cancer = chances(got, by)
        truth = np.array([a.malignant for a in got])
        dice = np.array([a.dice for a in got])
        rows.append(
            [
                name,
                len(got),
                f"{metrics.auroc(cancer[truth], cancer[~truth]):.3f}",
                f"{dice.mean():.3f}",
                f"{((dice >= HIT) & (presence >= postprocess.PRESENT)).mean():.3f}",
                f"{nature(got, cancer).sure.mean():.3f}",
            ]
        )
    note = "Images drawn at random from all folds, each read by the network that never saw its patient."
    return Table(ROBUSTNESS, ("harm", "images", "AUC", "Dice", "found", "nature answered"), rows, note)


def of_served(run: served.Served, lesions: Sequence[Sample], others: Sequence[Sample]) -> Table:
    """What the served file itself says: on other organs of subjects that no training saw, and on lesions that it learnt from."""
    rows: list[list[str | float | int]] = []
    for name, samples in (("other organs, never seen", others), ("lesions, learnt from", lesions)):
        chosen = [samples[n] for n in np.random.default_rng(0).permutation(len(samples))[:PER_SERVED]]
        got = [answers.answer(run, sample, 0) for sample in chosen]
        present = 1 / (1 + np.exp(-np.array([a.presence_logit for a in got]))) >= postprocess.PRESENT
        found = int((present & np.array([a.longest > 0 for a in got])).sum())
        row: list[str | float | int] = [name, len(got), found, "-", "-"]
        truth, cancer = np.array([a.malignant for a in got]), np.array([a.malignant_logit for a in got])
        if truth.any():
            row[3:] = [f"{np.mean([a.dice for a in got]):.3f}", f"{metrics.auroc(cancer[truth], cancer[~truth]):.3f}"]
        rows.append(row)
    note = "What it learnt from shows that the file is the network that was trained, and not how good it is."
    return Table("The served file", ("images", "of", "lesion found", "Dice", "AUC of malignancy"), rows, note)


def bands(lesions: Sequence[Answer], cancer: Floats) -> Table:
    """What "not sure" costs and gains."""
    truth = np.array([a.malignant for a in lesions])
    rows: list[list[str | float | int]] = []
    for name, members in (
        (f"benign, below {postprocess.BENIGN_BELOW}", cancer < postprocess.BENIGN_BELOW),
        ("not sure", (cancer >= postprocess.BENIGN_BELOW) & (cancer < postprocess.MALIGNANT_ABOVE)),
        (f"malignant, from {postprocess.MALIGNANT_ABOVE} on", cancer >= postprocess.MALIGNANT_ABOVE),
    ):
        of, bad = int(members.sum()), int((members & truth).sum())
        low, high = metrics.proportion_interval(bad, of)
        rows.append([name, of, f"{of / len(truth):.3f}", bad, f"{low:.3f} to {high:.3f}"])
    return Table(
        "The answer about the lesion's nature", ("answer", "images", "share", "malignant", "95 % of their share"), rows
    )


def headline(found: Sequence[Answer], lesions: Sequence[Answer], presence: Floats, cancer: Floats) -> list[Figure]:
    subjects = [a.subject for a in lesions]
    truth = np.array([a.malignant for a in lesions])
    of_lesions, of_others = presence[: len(lesions)], presence[len(lesions) :]
    hits = np.array([a.dice >= HIT for a in lesions]) & (of_lesions >= postprocess.PRESENT)
    others = [a for a in found if not a.lesion]
    alarms = (of_others >= postprocess.PRESENT) & np.array([a.longest > 0 for a in others])
    raw = np.array([a.malignant_logit for a in lesions])

    def mean(values: Floats) -> float:
        return float(values.mean())

    calibration = figures.Figure(
        "expected calibration error",
        round(metrics.calibration_error(cancer, truth.astype(np.float64)), 4),
        *(
            round(v, 4)
            for v in metrics.interval(
                lambda p: metrics.calibration_error(p[:, 0], p[:, 1]),
                np.column_stack([cancer, truth]).astype(np.float64),
                subjects,
            )
        ),
        images=len(lesions),
        subjects=len(set(subjects)),
        note="each fold by the calibration of the others",
    )
    return [
        measure.auroc(
            "AUC of malignancy", raw, truth, subjects, aim=">= 0.935", published=Published("0.931", RESNET, DIFFERS)
        ),
        by_patient(raw, truth, subjects),
        *at_threshold(lesions, cancer, subjects),
        at_published_specificity(raw, truth, subjects),
        measure.figure("Dice", mean, np.array([a.dice for a in lesions]), subjects, aim=">= 0.9"),
        measure.figure(
            "lesions found", mean, hits.astype(np.float64), subjects, note=f"outlined with a Dice of at least {HIT}"
        ),
        measure.figure(
            "false alarms an image",
            mean,
            alarms.astype(np.float64),
            [a.subject for a in others],
            note="on other organs; normal breast was not measured",
        ),
        calibration,
        *size_errors(lesions, subjects),
    ]


def evaluate(data: Path, model: Path, pictures: Path) -> Figures:
    """All figures; sheets of pictures go to a folder of their own."""
    failures(data, pictures)
    found = answers.read()
    lesions, others = [a for a in found if a.lesion], [a for a in found if not a.lesion]
    by = convert.calibration(found)
    presence, _ = chances([*lesions, *others], by)
    cancer = cross_calibrated(lesions)
    said = nature(lesions, cancer)
    samples = list(dataset.lesions(data))
    run, pixels = served.Served(model), samples[0].pixels
    harmed = robustness(samples, by)
    truth = np.array([a.malignant for a in lesions])
    both = np.column_stack([1 - cancer, cancer])
    as_said = Answers(("benign", "malignant"), both, truth.astype(np.int64), said.subjects, np.ones(len(truth), bool))
    folds = sorted({a.fold for a in lesions})
    return Figures(
        model="breast_lesion",
        version=measure.version_of(HERE),
        command="make evaluate-breast_lesion",
        split=f"BUS-BRA, official folds {folds}: {len(lesions)} images of {len(set(said.subjects))} patients, each read by the network "
        "of its fold, which saw none of its patients; the first fold is kept aside. "
        f"{len(others)} images of other organs, of no subject seen in training.",
        headline=headline(found, lesions, presence, cancer),
        roc=[measure.roc("malignancy", cancer, truth), *(_of_fold(lesions, cancer, fold) for fold in folds)],
        froc=[froc(lesions, others, presence)],
        risk_coverage=[measure.risk_coverage("nature of the lesion", as_said)],
        confusion=[measure.confusion("nature of the lesion", said)],
        reliability=[measure.reliability("nature of the lesion", as_said)],
        bland_altman=[agreement(lesions)],
        latency=[
            served.latency(
                lambda image=image: postprocess.read(run(image), *image.shape),
                f"{image.shape[1]} x {image.shape[0]}",
                LIMIT_MS,
            )
            for image in (pixels, np.asarray(cv2.resize(pixels, (640, 480)), np.uint8))
        ],
        subgroups=subgroups(lesions, cancer),
        robustness=[harmed] if harmed else measure.tables_before(HERE, ROBUSTNESS),
        tables=[
            bands(lesions, cancer),
            false_alarms(others, presence[len(lesions) :]),
            of_served(run, samples, list(dataset.without_lesion(data, training=False))),
        ],
        limits=[
            "Every image of the set holds one lesion that was biopsied: false alarms on normal breast were not measured, and the share of "
            "malignant ones is far above a screening clinic's.",
            "One country, four scanners, two of them with 92 % of the images; figures of the other two are of few images.",
            "The figures are those of the folds' networks; the served one learnt from all folds and cannot be measured on them.",
            "Many images carry calipers beside the lesion, which help to find it.",
            "The set holds no calibration: errors of size are in percent of the annotator's outline, not in mm.",
        ],
    )


def _of_fold(lesions: Sequence[Answer], cancer: Floats, fold: int) -> Curve:
    rows = np.array([a.fold == fold for a in lesions])
    truth = np.array([a.malignant for a in lesions])
    return measure.roc(f"fold {fold}", cancer[rows], truth[rows])


def failures(data: Path, folder: Path) -> None:
    """Pictures of the worst outlines and of the surest mistakes, the annotator's outline green, ours red; they show data."""
    samples = {sample.name: sample for sample in dataset.lesions(data)}
    found = [a for a in answers.read() if a.lesion]
    runs = {fold: convert.FOLDER / f"fold{fold}.onnx" for fold in FOLDS}
    wrong = sorted(found, key=lambda a: a.malignant_logit * (1 if a.malignant else -1))[:PICTURES]
    worst = sorted(found, key=lambda a: a.dice)[:PICTURES]
    for title, chosen in (("surest_mistakes", wrong), ("worst_outlines", worst)):
        tiles = []
        for one in chosen:
            sample = samples[one.image]
            tile = np.zeros((288, 288, 3), np.uint8)
            shown = cv2.cvtColor(sample.pixels, cv2.COLOR_GRAY2BGR)
            masks = [(sample.mask, (0, 255, 0))]
            if runs[one.fold].exists():
                seen = answers.seen(served.Served(runs[one.fold])(sample.pixels), *sample.pixels.shape)
                masks.append((polygon.filled(seen.contour, *sample.pixels.shape) if seen else None, (0, 0, 255)))
            for mask, colour in masks:
                if mask is not None:
                    edges, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
                    cv2.drawContours(shown, edges, -1, colour, 1)
            chance = 1 / (1 + np.exp(-one.malignant_logit))
            text = f"{one.image} {'malignant' if one.malignant else 'benign'} {chance:.2f} {one.dice:.2f}"
            cv2.putText(shown, text, (2, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.3, (0, 255, 255))
            tile[: shown.shape[0], : shown.shape[1]] = shown
            tiles.append(tile)
        tiles += [np.zeros((288, 288, 3), np.uint8)] * (-len(tiles) % 6)
        sheet = np.vstack([np.hstack(tiles[n : n + 6]) for n in range(0, len(tiles), 6)])
        cv2.imwrite(str(folder / f"{title}.png"), sheet)


if __name__ == "__main__":
    command.measured(
        "breast_lesion",
        lambda asked: evaluate(asked.data, asked.model, asked.pictures),
        networks=[convert.FOLDER / f"fold{fold}.onnx" for fold in FOLDS],
    )
