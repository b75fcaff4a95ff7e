"""Measures the liver model: `python -m services.inference.models.liver.evaluate --data FOLDER`.

Accuracy comes from the cross-validation's networks, each on images of which it saw no near-duplicate; the served file (trained on all
data) is measured for its speed and on other organs.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from services.inference.models.liver import postprocess, train
from services.inference.models.liver.postprocess import CLASSES, SURE
from services.inference.training import command, crossfit, images, measure, metrics, saliency
from services.inference.training.crossfit import Job
from services.inference.training.degrade import DEGRADATIONS
from services.inference.training.figures import Figures, Table
from services.inference.training.images import Sample
from services.inference.training.measure import Answers
from services.inference.training.metrics import Floats
from services.inference.training.served import Served, boxed, latency

HERE = Path(__file__).parent
FOLDER = command.TRAINING / "liver"
NORMAL, MALIGNANT = CLASSES.index("normal"), CLASSES.index("malignant")
LIMIT_MS = 25.0
# Tables for which the networks of the cross-validation are asked anew.
ROBUSTNESS, DUPLICATES = "Robustness", "With and without near-duplicates"
OTHERS = 40  # images of each other organ
LIMITS = (
    "One set, of few machines, without patients' names: images of one patient that look different may lie in two folds, so that the "
    "figures are too good by an unknown amount.",
    "The labels' origin (tissue, other imaging, or sight) is not told by the set.",
    "No other hospital's images were at hand. The set names neither machine nor patient nor lesion, so no subgroups can be told apart.",
)


def answers_of(samples: Sequence[Sample], chances: Floats) -> Answers:
    truths = np.array([CLASSES.index(sample.label) for sample in samples])
    subjects = [sample.subject for sample in samples]
    return Answers(CLASSES, chances, truths, subjects, np.asarray(chances.max(1) >= SURE))


def robustness(job: Job, folder: Path, heat: float) -> Table:
    """On every third image."""
    rows: list[Sequence[str | float | int]] = []
    for name, harm in DEGRADATIONS.items():
        harmed = [Sample(s.name, s.source, s.subject, harm(s.pixels), s.label) for s in job.samples[::3]]
        logits = crossfit.out_of_fold(Job(job.plan, harmed, job.folds[::3], job.group_of), folder)[0]
        got = answers_of(harmed, metrics.softmax(logits / heat))
        scores = metrics.auroc(
            got.chances[got.truths == MALIGNANT, MALIGNANT], got.chances[got.truths != MALIGNANT, MALIGNANT]
        )
        wrong = int((~got.right & got.sure).sum())
        rows.append([name, len(harmed), f"{got.right.mean():.3f}", f"{scores:.3f}", int((~got.sure).sum()), wrong])
    return Table(ROBUSTNESS, ("harm", "images", "right", "AUROC malignant", "not sure", "wrong and sure"), rows)


def duplicates(whole: Job, folder: Path, grouped: Answers, heat: float) -> Table:
    """What near-duplicates in two folds would have made of the figures: a first fold by image beside the folds as they are."""
    rows: list[Sequence[str | float | int]] = [_row("near-duplicates in one fold", grouped)]
    if (folder / "ungrouped" / "fold0.pt").exists():
        job = train.ungrouped(whole)
        members = [sample for sample, fold in zip(job.samples, job.folds, strict=True) if fold == 0]
        alone = Job(job.plan, members, np.zeros(len(members), np.int64), job.group_of)
        logits = crossfit.out_of_fold(alone, folder / "ungrouped")[0]
        rows.append(_row("folds by image (one of three)", answers_of(members, metrics.softmax(logits / heat))))
    groups = len(set(grouped.subjects))
    note = f"{len(grouped.truths)} images, {groups} groups: {len(grouped.truths) - groups} images are nearly another's."
    return Table(DUPLICATES, ("folds", "images", "right", "macro-F1", "AUROC malignant"), rows, note)


def _row(name: str, got: Answers) -> list[str | int]:
    f1 = metrics.macro_f1(got.truths, got.best, range(len(CLASSES)))
    scores = metrics.auroc(
        got.chances[got.truths == MALIGNANT, MALIGNANT], got.chances[got.truths != MALIGNANT, MALIGNANT]
    )
    return [name, len(got.truths), f"{got.right.mean():.3f}", f"{f1:.3f}", f"{scores:.3f}"]


def other_organs(run: Served, data: Path) -> Table:
    """What the model says where it should not be asked: why View must call it."""
    rows: list[Sequence[str | float | int]] = []
    for name in ("busbra", "hc18", "muscle", "fetal_planes"):
        samples = images.read(data, (name,))
        said: Counter[str] = Counter()
        for sample in samples[:: max(1, len(samples) // OTHERS)]:
            pixels = boxed(sample.pixels)
            got = postprocess.read(run(pixels), *pixels.shape)
            answer = got.evaluations[0].answer
            said[answer.meaning if answer else "not sure"] += 1
        rows.append([name, sum(said.values()), ", ".join(f"{answer} {count}" for answer, count in said.most_common())])
    return Table("Said of other organs", ("set", "images", "answers"), rows, "The view model keeps such images away.")


def evaluate(data: Path, folder: Path, model: Path, pictures: Path) -> Figures:
    """All figures; sheets of pictures go to a folder of their own."""
    job = train.job(data)
    logits = crossfit.kept_out_of_fold("liver")[0]
    truths = np.array([CLASSES.index(sample.label) for sample in job.samples])
    heat = metrics.temperature(logits, truths)
    got = answers_of(job.samples, metrics.softmax(logits / heat))
    malignant, lesion = (truths == MALIGNANT).astype(float), (truths != NORMAL).astype(float)
    of_malignant, of_lesion = got.chances[:, MALIGNANT], 1 - got.chances[:, NORMAL]
    among = truths != NORMAL
    ratio = of_malignant / np.maximum(1e-9, of_lesion)
    run = Served(model)
    image = images.grey(data / "liver" / "images" / job.samples[0].name)
    frame = np.asarray(cv2.resize(image, (640, 480)), np.uint8)

    def once() -> None:
        postprocess.read(run(boxed(frame)), *frame.shape)

    wrong = [int(n) for n in np.argsort(-got.certainty) if not got.right[n]][:40]
    texts = [f"{CLASSES[truths[n]]} as {CLASSES[got.best[n]]}" for n in wrong]
    saliency.sheet([job.samples[n] for n in wrong], pictures / "mistakes.png", texts)
    if crossfit.trained(job, folder):
        by_networks = [robustness(job, folder, heat), duplicates(job, folder, got, heat)]
        saliency.maps(job, folder, pictures / "saliency.png", list(range(0, len(truths), len(truths) // 40)))
    else:
        by_networks = measure.tables_before(HERE, ROBUSTNESS, DUPLICATES)
    every = range(len(CLASSES))
    return Figures(
        model="liver",
        version=measure.version_of(HERE),
        command="make evaluate-liver",
        split=f"{train.FOLDS}-fold cross-validation by image, images that are nearly the same in one fold",
        headline=(
            measure.accuracy("accuracy, three classes", got),
            measure.macro_f1("macro-F1, three classes", got, every),
            measure.auroc("AUROC, malignant against the rest", of_malignant, malignant, got.subjects),
            measure.auroc("AUROC, lesion against normal", of_lesion, lesion, got.subjects),
            measure.auroc(
                "AUROC, malignant against benign",
                ratio[among],
                malignant[among],
                [s for s, chosen in zip(got.subjects, among, strict=True) if chosen],
            ),
            measure.accuracy(
                "accuracy where sure", got.of(got.sure), note=f"{int(got.sure.sum())} of {len(truths)} are answered"
            ),
            measure.calibration_error(got),
        ),
        roc=(
            measure.roc("malignant against the rest", of_malignant, malignant),
            measure.roc("lesion against normal", of_lesion, lesion),
        ),
        risk_coverage=(measure.risk_coverage("nature", got),),
        confusion=(measure.confusion("nature", got),),
        reliability=(measure.reliability("nature", got),),
        latency=(latency(once, "640 x 480 with its sector found", LIMIT_MS),),
        robustness=[table for table in by_networks if table.title == ROBUSTNESS],
        tables=(
            *(table for table in by_networks if table.title == DUPLICATES),
            measure.by_class("By class", got),
            other_organs(run, data),
        ),
        limits=LIMITS,
    )


if __name__ == "__main__":
    command.measured(
        "liver",
        lambda asked: evaluate(asked.data, FOLDER, asked.model, asked.pictures),
        networks=[FOLDER / f"{crossfit.FINAL}.pt"],
    )
