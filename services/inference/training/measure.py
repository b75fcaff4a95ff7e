"""From answers to the report's figures: each with its interval over subjects, counts where images are few, and the card's share of them."""

import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from services.inference.training import figures, metrics
from services.inference.training.figures import Confusion, Curve, Figure, Figures, Published, Reliability, Table
from services.inference.training.metrics import Floats

NOT_SURE = "not sure"
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Answers:
    """Chances [n, classes] of a classifier beside the truth, by subject; `sure` is where it answers at all."""

    classes: Sequence[str]
    chances: Floats
    truths: Ints
    subjects: Sequence[str]
    sure: npt.NDArray[np.bool_]

    @property
    def best(self) -> Ints:
        return np.asarray(self.chances.argmax(1), np.int64)

    @property
    def certainty(self) -> Floats:
        return np.asarray(self.chances.max(1))

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.best == self.truths)

    def of(self, rows: npt.NDArray[Any]) -> "Answers":
        """Those rows alone."""
        chosen = np.arange(len(self.truths))[rows]
        subjects = [self.subjects[n] for n in chosen]
        return Answers(self.classes, self.chances[chosen], self.truths[chosen], subjects, self.sure[chosen])


def figure(
    name: str,
    of: Callable[[Floats], float],
    values: Floats,
    subjects: Sequence[str],
    *,
    aim: str = "",
    unit: str = "",
    published: Published | None = None,
    note: str = "",
) -> Figure:
    """`of(values)` with its bootstrap interval over subjects, held to the aim (">= 0.97")."""
    value = float(of(values))
    low, high = metrics.interval(of, values, subjects)
    sign, _, bound = aim.partition(" ")
    met = None if not aim else value >= float(bound) if sign == ">=" else value <= float(bound)
    value, low, high = round(value, 4), round(low, 4), round(high, 4)
    return Figure(name, value, low, high, unit, len(values), len(set(subjects)), aim, met, published, note)


def macro_f1(name: str, answers: Answers, among: Sequence[int], **more: Any) -> Figure:
    """Mean F1 over these classes, on images of all classes; every answer counts, however unsure."""
    pairs = np.column_stack([answers.truths, answers.best]).astype(np.float64)
    return figure(name, lambda p: metrics.macro_f1(p[:, 0], p[:, 1], among), pairs, answers.subjects, **more)


def accuracy(name: str, answers: Answers, **more: Any) -> Figure:
    """Share of right answers."""
    return figure(name, lambda right: float(right.mean()), answers.right.astype(np.float64), answers.subjects, **more)


def auroc(name: str, scores: Floats, truths: npt.NDArray[Any], subjects: Sequence[str], **more: Any) -> Figure:
    """Area under the ROC curve of scores against truths (0 or 1)."""
    pairs = np.column_stack([scores, truths]).astype(np.float64)

    def of(p: Floats) -> float:
        positive, negative = p[p[:, 1] > 0, 0], p[p[:, 1] <= 0, 0]
        return metrics.auroc(positive, negative) if len(positive) and len(negative) else 0.5

    return figure(name, of, pairs, subjects, **more)


def calibration_error(answers: Answers, name: str = "expected calibration error", **more: Any) -> Figure:
    """How far the certainty of the best answer lies from how often it is right, in ten bins."""
    pairs = np.column_stack([answers.certainty, answers.right]).astype(np.float64)
    return figure(name, lambda p: metrics.calibration_error(p[:, 0], p[:, 1]), pairs, answers.subjects, **more)


def roc(name: str, scores: Floats, truths: npt.NDArray[Any], note: str = "") -> Curve:
    return Curve(name, *metrics.roc(scores, truths), note)


def risk_coverage(name: str, answers: Answers) -> Curve:
    """Wrong answers among those given, by how many are given."""
    return Curve(name, *metrics.risk_coverage(answers.certainty, answers.right))


def confusion(name: str, answers: Answers) -> Confusion:
    """Counts, with "not sure" as a column of its own."""
    columns = [*answers.classes, NOT_SURE]
    counts = np.zeros((len(answers.classes), len(columns)), int)
    for truth, best, sure in zip(answers.truths, answers.best, answers.sure, strict=True):
        counts[truth, best if sure else -1] += 1
    return Confusion(name, list(answers.classes), columns, [[int(n) for n in row] for row in counts])


def reliability(name: str, answers: Answers, bins: int = 10) -> Reliability:
    """Of the answer's certainty."""
    sure, right = answers.certainty, answers.right.astype(np.float64)
    places = np.minimum((sure * bins).astype(int), bins - 1)
    used = sorted(set(places.tolist()))
    return Reliability(
        name,
        [round(float(sure[places == b].mean()), 4) for b in used],
        [round(float(right[places == b].mean()), 4) for b in used],
        [int((places == b).sum()) for b in used],
        round(metrics.calibration_error(sure, right, bins), 4),
    )


def by_class(title: str, answers: Answers) -> Table:
    """Of each class: images, subjects, answered, right among them, with Wilson's interval of the share found; counts for the thin."""
    rows: list[Sequence[str | float | int]] = []
    for n, name in enumerate(answers.classes):
        members = answers.of(answers.truths == n)
        of, found = len(members.truths), int((members.right & members.sure).sum())
        low, high = metrics.proportion_interval(int(members.right.sum()), of)
        alarms = int(((answers.best == n) & answers.sure & (answers.truths != n)).sum())
        subjects = len(set(members.subjects))
        rows.append(
            [
                name,
                of,
                subjects,
                int(members.right.sum()),
                f"{low:.2f} to {high:.2f}",
                int((~members.sure).sum()),
                found,
                alarms,
            ]
        )
    columns = ("class", "images", "subjects", "right", "95 %", "not sure", "right and sure", "false alarms and sure")
    return Table(title, columns, rows)


def by_group(title: str, answers: Answers, groups: Sequence[str], note: str = "") -> Table:
    """Of each group (device, set, trimester): images, the share right with Wilson's interval, not sure, wrong though sure."""
    rows: list[Sequence[str | float | int]] = []
    for name in sorted(set(groups)):
        members = answers.of(np.array([group == name for group in groups]))
        of, right = len(members.truths), int(members.right.sum())
        low, high = metrics.proportion_interval(right, of)
        wrong = int((~members.right & members.sure).sum())
        rows.append(
            [name, of, right, f"{right / of:.3f}", f"{low:.2f} to {high:.2f}", int((~members.sure).sum()), wrong]
        )
    return Table(title, ("group", "images", "right", "share", "95 %", "not sure", "wrong and sure"), rows, note)


def tables_before(folder: Path, *titles: str) -> list[Table]:
    """Tables of the last evaluation that had the networks of the cross-validation, which are not in the project."""
    before = figures.read(folder)
    return [table for table in (*before.subgroups, *before.robustness, *before.tables) if table.title in titles]


def note_conversion(weights: Path, apart: float) -> None:
    """Into the card beside a model's served file: its digest, and how far its answers were found from the training framework's."""
    path = weights.parents[1] / "card.yaml"
    if not path.exists():  # written elsewhere, for a look
        return
    card: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    card["weights"]["sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    card["weights"]["largest_difference_from_training_framework"] = float(f"{apart:.1e}")
    _write(path, card)


def _write(path: Path, card: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(card, sort_keys=False, allow_unicode=True, width=140), encoding="utf-8")


def write(found: Figures, folder: Path) -> None:
    """figures.json, and the headline figures into card.yaml."""
    figures.write(found, folder)
    _write_card(found, folder)


def _write_card(found: Figures, folder: Path) -> None:
    path = folder / "card.yaml"
    card: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    card["figures"] = {one.name: _for_people(one) for one in found.headline}
    _write(path, card)


def _for_people(one: Figure) -> Mapping[str, Any]:
    aim = {"aim": one.aim, "met": one.met} if one.aim else {}
    unit = {"unit": one.unit} if one.unit else {}
    return {
        "value": one.value,
        "interval": [one.low, one.high],
        **unit,
        **aim,
        "images": one.images,
        "subjects": one.subjects,
    }


def version_of(folder: Path) -> str:
    """Of the model, as its card says."""
    return str(yaml.safe_load((folder / "card.yaml").read_text(encoding="utf-8"))["version"])


def tell(found: Figures) -> None:
    """The headline and the tables on standard output."""
    for one in found.headline:
        aim = f" (aim {one.aim}: {'met' if one.met else 'not met'})" if one.aim else ""
        unit = f" {one.unit}" if one.unit else ""
        sys.stdout.write(
            f"{one.name}: {one.value} [{one.low}, {one.high}]{unit}{aim}, {one.images} images, {one.subjects} subjects\n"
        )
    for table in (*found.subgroups, *found.robustness, *found.tables):
        sys.stdout.write(f"\n{table.title}\n" + " | ".join(table.columns) + "\n")
        for row in table.rows:
            sys.stdout.write("  " + " | ".join(map(str, row)) + "\n")


def threshold_of(folder: Path, name: str) -> float:
    """In percent, as the card says; nought where it says nothing."""
    card = yaml.safe_load((folder / "card.yaml").read_text(encoding="utf-8"))
    return float((card.get("thresholds") or {}).get(name, 0))
