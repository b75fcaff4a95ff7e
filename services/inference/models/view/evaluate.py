"""Measures the view model: `python -m services.inference.models.view.evaluate --data FOLDER`.

Figures of accuracy come from the cross-validation's networks, each on subjects that it never saw; the served file (trained on all
data) is measured for its speed, for agreement with torch (convert.py), and on pictures that no training saw.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from services.inference import sector, simulator
from services.inference.models.view import dataset, postprocess, train
from services.inference.models.view.postprocess import PLANES, SURE, SURE_OF_PLANE, SURE_OF_THIN, THIN, VIEW_NAMES
from services.inference.training import command, crossfit, foreign, images, measure, metrics, saliency
from services.inference.training.classify import UNKNOWN
from services.inference.training.crossfit import Job
from services.inference.training.degrade import DEGRADATIONS
from services.inference.training.figures import Figure, Figures, Published, Table
from services.inference.training.images import Sample
from services.inference.training.measure import Answers
from services.inference.training.served import Served, latency

HERE = Path(__file__).parent
FOLDER = command.TRAINING / "view"
NOT = VIEW_NAMES.index("not_ultrasound")
ENOUGH = 30  # images of a class, from which on its F1 counts in the mean
PER_CLASS = 20  # images of a class in the table of robustness
LIMIT_MS = 10.0
# Tables for which the networks of the cross-validation are asked anew.
ROBUSTNESS, WHERE, ANOTHER = "Robustness", "Where the answer comes from", "Machines left out of training"
PUBLISHED = Published(
    "macro AUC 0.943 and 0.958, 19 fetal views",
    "doi 10.1002/ijgo.15167",
    "134,696 images of one country, fetal views alone; here 11 classes, most told apart by organ, and a few thousand images",
)

LIMITS = (
    "Breast, liver and muscle come from one set each: that they were learnt as anatomy is made likely by the table of robustness (borders, "
    "print and proportions taken away) and by breasts of machines left out of training, and not proven.",
    "Fetal abdomen, femur and thorax have 6, 8 and 12 images and the trans-cerebellar plane 4: see the counts; the model must be surer "
    "before it answers one of them.",
    "Other ultrasound is what the sets hold of it: fetal planes of no kind, vessels, hearts, lymph nodes, thyroid, pelvis; other organs "
    "may be taken for one of the classes.",
    "The sub-plane is told hardly better than by always answering trans-ventricular, which is right for 59 of 80; only where it is sure "
    "does it say something.",
    "Photographs are 22, CT and MR a handful; the rest of what is no ultrasound is drawn.",
    "The served weights were learnt before 29 pictures' sectors were mended; learnt anew with them, same seed, the "
    "macro-F1 was 0.918: differences of 0.01 are chance.",
)


def sure(chances: measure.Floats) -> measure.npt.NDArray[np.bool_]:
    """Where postprocess.py answers at all."""
    bound = np.array([SURE_OF_THIN if name in THIN else SURE for name in VIEW_NAMES])
    return np.asarray(chances.max(1) >= bound[chances.argmax(1)])


def answers_of(samples: Sequence[Sample], chances: measure.Floats) -> Answers:
    truths = np.array([dataset.targets(sample)[0] for sample in samples])
    return Answers(VIEW_NAMES, chances, truths, [sample.subject for sample in samples], sure(chances))


def planes_of(samples: Sequence[Sample], chances: measure.Floats) -> Answers:
    truths = np.array([dataset.targets(sample)[1] for sample in samples])
    known = np.flatnonzero(truths != UNKNOWN)
    chosen = chances[known]
    certain = np.asarray(chosen.max(1) >= SURE_OF_PLANE)
    return Answers(PLANES, chosen, truths[known], [samples[n].subject for n in known], certain)


def plane_auroc(planes: Answers) -> Figure:
    """Trans-thalamic against trans-ventricular: accuracy alone looks good where most are of one class."""
    thalamic, ventricular = PLANES.index("trans_thalamic"), PLANES.index("trans_ventricular")
    two = planes.of(np.isin(planes.truths, (thalamic, ventricular)))
    apart = np.log(two.chances[:, thalamic]) - np.log(two.chances[:, ventricular])
    return measure.auroc(
        "AUROC, trans-thalamic plane", apart, two.truths == thalamic, two.subjects, note="against trans-ventricular"
    )


def few(job: Job) -> Job:
    """Some of each class, each still with its fold, for what is computed often."""
    rng = np.random.default_rng(0)
    left: Counter[str] = Counter()
    kept = []
    for n in rng.permutation(len(job.samples)):
        name = dataset.view_of(job.samples[n])
        if job.samples[n].source not in ("simulated", "drawn") and left[name] < PER_CLASS:
            left[name] += 1
            kept.append(int(n))
    return Job(job.plan, [job.samples[n] for n in kept], job.folds[kept], job.group_of)


def robustness(job: Job, folder: Path, heat: float) -> Table:
    """How accuracy falls as the pictures get worse, and how much goes to "not sure"; cross-validated as the rest."""
    chosen, rows = few(job), []
    for name, harm in DEGRADATIONS.items():
        harmed = [Sample(s.name, s.source, s.subject, harm(s.pixels), s.label, s.facts) for s in chosen.samples]
        logits = crossfit.out_of_fold(Job(job.plan, harmed, chosen.folds, job.group_of), folder)[0]
        got = answers_of(harmed, metrics.softmax(logits / heat))
        wrong = int((~got.right & got.sure).sum())
        rows.append([name, len(harmed), f"{got.right.mean():.3f}", int((~got.sure).sum()), wrong])
    note = f"At most {PER_CLASS} images of a class, so that each weighs alike."
    return Table(ROBUSTNESS, ("harm", "images", "right", "not sure", "wrong and sure"), rows, note)


def served_on(run: Served, title: str, samples: Sequence[Sample], right: Callable[[str], bool]) -> list[str | int]:
    """What the served file says of pictures that no training saw: right, not sure, wrong though sure."""
    answers = []
    for sample in samples:
        got = postprocess.read(run(sample.pixels), *sample.pixels.shape)
        answers.append(
            ""
            if isinstance(got, postprocess.Refusal)
            else next(n for n, v in postprocess.VIEWS.items() if v.code == got.view)
        )
    wrong = Counter(name for name in answers if name and not right(name))
    said = ", ".join(f"{name} {count}" for name, count in wrong.most_common())
    return [title, len(samples), sum(right(name) for name in answers), answers.count(""), sum(wrong.values()), said]


def unseen(run: Served) -> Table:
    """Pictures of other seeds and of faces, none of which trained anything."""
    drawn = images.boxed(list(foreign.drawn(160, 900_000)))
    faces = images.boxed(list(foreign.faces()))
    heads, tissue = [], []
    for seed in range(50_000, 50_040):
        heads.append(Sample(f"head-{seed}", "simulated", "", simulator.draw(seed).pixels, "head"))
        tissue.append(Sample(f"tissue-{seed}", "simulated", "", simulator.draw(seed, head=False).pixels, "tissue"))
    rows = [
        served_on(run, "drawn pictures, other seeds", drawn, lambda name: name == "not_ultrasound"),
        served_on(run, "faces (photographs, 25 x 25)", faces, lambda name: name == "not_ultrasound"),
        served_on(run, "simulated heads, other seeds", images.boxed(heads), lambda name: name == "fetal_brain"),
        served_on(run, "simulated tissue, other seeds", images.boxed(tissue), lambda name: name == "other_ultrasound"),
    ]
    return Table(
        "The served file on pictures that no training saw",
        ("pictures", "of", "right", "not sure", "wrong and sure", "as"),
        rows,
    )


def where(job: Job, folder: Path, pictures: Path) -> Table:
    """How much of what decides lies in the sector's middle, with a sheet of maps of every class."""
    views = np.array([dataset.targets(sample)[0] for sample in job.samples])
    ends = [np.flatnonzero(views == n)[[0, -1]] for n in range(len(VIEW_NAMES)) if (views == n).any()]
    shares = saliency.maps(job, folder, pictures / "saliency.png", np.concatenate(ends).tolist())
    columns = ("class", "share of the class map's weight in the middle half of the sector's area")
    return Table(WHERE, columns, shares, "Maps after Zhou et al., CVPR 2016; by chance 0.5.")


def other_machines(whole: Job, folder: Path, heat: float) -> list[Table]:
    """What each variant of the training left out, read by the network that never saw it; none where they were not trained."""
    if not all((folder / name / "fold0.pt").exists() for name in train.VARIANTS):
        return []
    samples, chances = [], []
    for name, without in train.VARIANTS.items():
        job = without(whole)
        chosen = [sample for sample, fold in zip(job.samples, job.folds, strict=True) if fold == 0]
        alone = Job(job.plan, chosen, np.zeros(len(chosen), np.int64), job.group_of)
        samples += chosen
        chances.append(metrics.softmax(crossfit.out_of_fold(alone, folder / name)[0] / heat))
    got = answers_of(samples, np.concatenate(chances))
    said = Counter(VIEW_NAMES[n] for n in got.best[~got.right & got.sure])
    wrong = ", ".join(f"{view} {count}" for view, count in said.most_common())
    note = f"Each set read by a network that saw no image of these machines. Wrong though sure: {wrong}."
    groups = [
        f"{sample.source}: {sample.facts['device']}" if "device" in sample.facts else sample.source
        for sample in samples
    ]
    return [measure.by_group(ANOTHER, got, groups, note)]


def evaluate(data: Path, folder: Path, model: Path, pictures: Path) -> Figures:
    """All figures; sheets of pictures go to a folder of their own."""
    job = train.job(data)
    logits = crossfit.kept_out_of_fold("view")
    targets = np.array([list(dataset.targets(sample)) for sample in job.samples])
    heat = [metrics.temperature(of[t != UNKNOWN], t[t != UNKNOWN]) for of, t in zip(logits, targets.T, strict=True)]
    samples = list(job.samples)
    every = answers_of(samples, metrics.softmax(logits[0] / heat[0]))
    real = np.array([sample.source not in ("simulated", "drawn") for sample in samples])
    got = every.of(real)
    real_samples = [sample for sample, is_real in zip(samples, real, strict=True) if is_real]
    counts = np.bincount(got.truths, minlength=len(VIEW_NAMES))
    big = [n for n in range(len(VIEW_NAMES)) if counts[n] >= ENOUGH and n != NOT]
    known = got.of(got.truths != NOT)
    plane = planes_of(samples, metrics.softmax(logits[1] / heat[1]))
    not_any = every.chances[:, NOT]
    is_not = (every.truths == NOT).astype(float)
    drawn_or_real = np.array([sample.source != "simulated" for sample in samples])
    sources = [sample.source for sample in real_samples]
    devices = [f"{s.source}: {s.facts['device']}" for s in real_samples if "device" in s.facts]
    with_device = got.of(np.array(["device" in s.facts for s in real_samples]))
    stripped = [
        n
        for n, s in enumerate(samples)
        if s.source in ("photographs", "pydicom") or (real[n] and every.truths[n] != NOT)
    ]
    run = Served(model)
    frame = np.asarray(cv2.resize(images.grey(data / "hc18" / "images" / samples[0].name), (640, 480)), np.uint8)

    def once() -> None:
        box = sector.cut(frame[None], sector.find(frame[None]))[0]
        postprocess.read(run(box), *box.shape)

    wrong = [n for n in np.argsort(-got.certainty) if not got.right[n]]
    saliency.sheet(
        [real_samples[n] for n in wrong[:40]],
        pictures / "mistakes.png",
        [f"{VIEW_NAMES[got.truths[n]]} as {VIEW_NAMES[got.best[n]]}" for n in wrong[:40]],
    )
    by_networks = (
        [robustness(job, folder, heat[0]), where(job, folder, pictures), *other_machines(job, folder, heat[0])]
        if crossfit.trained(job, folder)
        else measure.tables_before(HERE, ROBUSTNESS, WHERE, ANOTHER)
    )

    def titled(title: str) -> list[Table]:
        return [table for table in by_networks if table.title == title]

    return Figures(
        model="view",
        version=measure.version_of(HERE),
        command="make evaluate-view",
        split=f"{train.FOLDS}-fold cross-validation; no exam, patient or file in two folds (liver, without patients: by image)",
        headline=(
            measure.macro_f1(
                "macro-F1, classes with at least 30 images",
                got,
                big,
                aim=">= 0.97",
                published=PUBLISHED,
                note=", ".join(VIEW_NAMES[n] for n in big),
            ),
            measure.accuracy("accuracy, ultrasound of all classes", known, published=None),
            measure.accuracy("accuracy where sure", known.of(known.sure)),
            measure.auroc(
                "AUROC, not one of these",
                not_any[drawn_or_real],
                is_not[drawn_or_real],
                [s.subject for s, d in zip(samples, drawn_or_real, strict=True) if d],
                aim=">= 0.97",
                note="real photographs, pages, CT, MR and drawn pictures against all real ultrasound",
            ),
            measure.auroc(
                "AUROC, not one of these, real pictures alone",
                not_any[stripped],
                is_not[stripped],
                [samples[n].subject for n in stripped],
            ),
            measure.accuracy("accuracy, sub-plane of the fetal brain", plane),
            plane_auroc(plane),
            measure.calibration_error(got),
        ),
        roc=(measure.roc("not ultrasound", not_any[drawn_or_real], is_not[drawn_or_real]),),
        risk_coverage=(measure.risk_coverage("view", got), measure.risk_coverage("sub-plane", plane)),
        confusion=(measure.confusion("view", got), measure.confusion("sub-plane of the fetal brain", plane)),
        reliability=(measure.reliability("view", got), measure.reliability("sub-plane", plane)),
        latency=(latency(once, "640 x 480 with its sector found", LIMIT_MS),),
        subgroups=(
            measure.by_group("By data set", got, sources),
            measure.by_group("By machine", with_device, devices),
            *titled(ANOTHER),
        ),
        robustness=titled(ROBUSTNESS),
        tables=(
            measure.by_class("By class", got),
            measure.by_class("By sub-plane", plane),
            unseen(run),
            *titled(WHERE),
        ),
        limits=LIMITS,
    )


if __name__ == "__main__":
    command.measured(
        "view",
        lambda asked: evaluate(asked.data, FOLDER, asked.model, asked.pictures),
        networks=[FOLDER / f"{crossfit.FINAL}.pt"],
    )
