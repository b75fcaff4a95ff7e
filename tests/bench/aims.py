"""`make bench-aims`: the models' aims through the running platform, DICOM in, SR and SEG out, and straight.

Straight are the models' own files on the same pictures; measured is what each model's figures.json says of networks that saw none of
their pictures. Most pictures here were seen in training (only the fetal heads are of a part that no training saw): the table says what
the platform loses, not how good a model is. Last, some pictures in every coding in which scanners store them.
"""

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

import services.inference
from infra.demo import region
from infra.demo.__main__ import CAST
from infra.demo.exams import part10
from infra.demo.outside import Outside, wait_for
from infra.local.control import Control
from infra.local.paths import DEFAULT_STATE, ROOT, State
from services.inference.model import Mode
from services.inference.registry import InstalledModel, read_models
from services.inference.training.metrics import auroc, macro_f1
from tests.bench.aims_answers import Answers, Straight, from_documents
from tests.bench.aims_cases import Case, cases, wrap
from tests.bench.aims_codings import CODINGS, LOSSY

MODELS = Path(services.inference.__file__).parent / "models"
SENDERS = 2
BY_C_STORE = 7  # every seventh case
LEAST_OF_A_CLASS = 30  # images, for a view to count in macro-F1 (when fewer are sent: all that are sent)
SAME_DICE, SAME_MM, SAME_PERCENT = 0.995, 0.05, 0.5
Pair = tuple[Case, Answers]


@dataclass(frozen=True)
class Line:
    """One figure, by a name, from cases with their answers; nan where there is none. `measured` is its name in figures.json."""

    model: str
    name: str
    of: Callable[[Sequence[Pair]], float]
    measured: str = ""


def dice(truth: Any, found: Any) -> float:
    """Nought where nothing was outlined."""
    return 0.0 if found is None else 2 * float((truth & found).sum()) / float(truth.sum() + found.sum())


def mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def views(pairs: Sequence[Pair]) -> list[Pair]:
    return [(case, answers) for case, answers in pairs if case.view and case.source not in ("quality", "hc18 large")]


def view_f1(pairs: Sequence[Pair]) -> float:
    truths = np.array([case.view for case, _ in views(pairs)])
    answers = np.array([one.view for _, one in views(pairs)])
    counted = Counter(truths.tolist())
    classes = [name for name, n in counted.items() if n >= min(LEAST_OF_A_CLASS, max(counted.values()))]
    return macro_f1(truths, answers, classes)


def heads(pairs: Sequence[Pair]) -> list[Pair]:
    """Of the part that no training saw; most of the large ones were seen."""
    return [pair for pair in pairs if pair[0].source == "hc18"]


def large_heads(pairs: Sequence[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair[0].source == "hc18 large"]


def lesions(pairs: Sequence[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair[0].source == "busbra"]


def hc_errors(pairs: Sequence[Pair], by: str = "") -> list[float]:
    """In mm, by the calibrations whose name has `by` in it."""
    return [one.hc_mm - case.hc_mm for case, one in pairs if one.hc_mm is not None and by in case.wrapping]


def mean_abs(values: Sequence[float]) -> float:
    return mean([abs(value) for value in values])


def half_limits(values: Sequence[float]) -> float:
    """Half the width of the 95 % limits of agreement (Bland and Altman)."""
    return 1.96 * float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def cancer_auc(pairs: Sequence[Pair]) -> float:
    """Nought per cent where no probability is given, as an outside scorer must take it."""
    by_nature: dict[bool, list[float]] = {True: [], False: []}
    for case, one in lesions(pairs):
        by_nature[case.label == "malignant"].append(-1.0 if one.cancer is None else one.cancer)
    if not all(by_nature.values()):
        return float("nan")
    return auroc(np.array(by_nature[True]), np.array(by_nature[False]))


def share(source: str, right: Callable[[Case, Answers], bool]) -> Callable[[Sequence[Pair]], float]:
    return lambda pairs: mean([float(right(case, one)) for case, one in pairs if case.source == source])


LINES = (
    Line("view", "macro-F1", view_f1, "macro-F1, classes with at least 30 images"),
    Line("view", "right", lambda p: mean([float(one.view == case.view) for case, one in views(p)])),
    Line("view", "not sure", lambda p: sum(not one.view for _, one in views(p))),
    Line("fetal_head", "Dice (none: 0)", lambda p: mean([dice(case.mask, one.head) for case, one in heads(p)]), "Dice"),
    Line("fetal_head", "outlined", lambda p: mean([float(one.head is not None) for _, one in heads(p)])),
    Line("fetal_head", "HC error, mm", lambda p: mean_abs(hc_errors(heads(p))), "HC, mean absolute error"),
    Line("fetal_head", "  by Pixel Spacing", lambda p: mean_abs(hc_errors(heads(p), "spacing"))),
    Line("fetal_head", "  by regions", lambda p: mean_abs(hc_errors(heads(p), "regions"))),
    Line("fetal_head", "HC bias, mm", lambda p: mean(hc_errors(heads(p))), "HC, bias"),
    Line(
        "fetal_head",
        "HC half limits, mm",
        lambda p: half_limits(hc_errors(heads(p))),
        "HC, half the limits of agreement",
    ),
    Line("fetal_head", "with HC", lambda p: len(hc_errors(heads(p)))),
    Line("fetal_head", "800x540: Dice", lambda p: mean([dice(case.mask, one.head) for case, one in large_heads(p)])),
    Line("fetal_head", "800x540: HC error", lambda p: mean_abs(hc_errors(large_heads(p)))),
    Line(
        "breast_lesion",
        "Dice (none: 0)",
        lambda p: mean([dice(case.mask, one.lesion) for case, one in lesions(p)]),
        "Dice",
    ),
    Line(
        "breast_lesion",
        "found (Dice >= 0.5)",
        lambda p: mean([float(dice(case.mask, one.lesion) >= 0.5) for case, one in lesions(p)]),
        "lesions found",
    ),
    Line("breast_lesion", "AUC", cancer_auc, "AUC of malignancy"),
    Line("breast_lesion", "with probability", lambda p: sum(one.cancer is not None for _, one in lesions(p))),
    Line("liver", "right", share("liver", lambda case, one: one.liver == case.label), "accuracy, three classes"),
    Line("liver", "not sure", share("liver", lambda case, one: not one.liver)),
    Line(
        "lung",
        "right, by clip",
        share("lung", lambda case, one: bool(case.label) and one.lung == case.label),
        "accuracy by clip, patient left out",
    ),
    Line("lung", "not sure", share("lung", lambda case, one: not one.lung)),
    Line("quality", "fault named", share("quality", lambda case, one: case.label in one.faults)),
)


def through(outside: Outside, case: Case, number: int) -> Answers:
    """What the study holds once the exam is analysed, and what the platform says of the models' runs."""
    caller, file = outside.machine(CAST.clinic_1), wrap(case)
    if number % BY_C_STORE == BY_C_STORE - 1:
        if outside.c_store(outside.ae_title(CAST.clinic_1), [file]) != [0]:
            return Answers(remarks=["the C-STORE was refused"])
    elif (stored := caller.stow([part10(file)])).status != 200:
        return Answers(remarks=[f"the STOW-RS answered {stored.status} {stored.failed}"])
    exam = wait_for(f"the exam of {case.name}", lambda: caller.exam(case.study))
    caller.send("POST", f"/api/ingest/v1/exams/{exam['id']}/complete", json={})
    analyses = wait_for(
        f"the analysis of {case.name}",
        lambda: caller.get("/api/inference/v1/analyses", exam_id=exam["id"])["items"],
        300,
    )
    files = [
        caller.wado(case.study, one["0020000E"]["Value"][0], one["00080018"]["Value"][0])
        for one in caller.instances(case.study, limit=500)
        if one["00080060"]["Value"][0] in ("SR", "SEG")
    ]
    found = from_documents(case, files)
    analysis = analyses[0]
    found.remarks += [
        f"{run['model']['name']}: {run['reason']}" for run in analysis.get("runs", []) if run.get("reason")
    ] or [text for text in (analysis.get("reason"),) if text]
    return found


def in_shadow(models: Mapping[str, InstalledModel]) -> set[str]:
    """The models whose cards keep their answers out of every study."""
    return {name for name, model in models.items() if model.card.most is Mode.SHADOW}


def differences(case: Case, got: Answers, straight: Answers, hidden: Collection[str]) -> list[str]:
    """In words, what the study says otherwise than the models' files; of `hidden` models it says nothing."""
    said = []
    if not got.documents:
        said.append("no SR")
    for name in ("view", "liver", "lung"):
        asked = name in ("view", case.source) and name not in hidden
        if asked and getattr(got, name) != getattr(straight, name):
            said.append(f"{name} {getattr(got, name) or 'none'}, not {getattr(straight, name) or 'none'}")
    for name in ("head", "lesion"):
        one, other = getattr(got, name), getattr(straight, name)
        if other is not None and (alike := dice(other, one)) < SAME_DICE:
            said.append(f"{name} " + ("not in a SEG" if one is None else f"outlined otherwise (Dice {alike:.3f})"))
    for name, most in (("hc_mm", SAME_MM), ("cancer", SAME_PERCENT)):
        one, other = getattr(got, name), getattr(straight, name)
        if other is not None and (one is None or abs(one - other) > most):
            said.append(f"{name} {one}, not {other:.2f}")
    if got.hc_mm is not None and not case.calibrated:
        said.append("an HC without calibration")
    if case.source == "quality" and got.faults != straight.faults:
        said.append(f"faults {sorted(got.faults)}, not {sorted(straight.faults)}")
    return said


def measured(line: Line) -> str:
    """What the model's figures.json says of it."""
    if not line.measured:
        return ""
    figures = json.loads((MODELS / line.model / "figures.json").read_bytes())["headline"]
    return f"{next(one['value'] for one in figures if one['name'] == line.measured):.4f}"


def table(pairs: Sequence[Pair], straight: Sequence[Pair], hidden: Collection[str]) -> str:
    """Each figure both ways, beside what was measured; what runs in the shadow tells no study anything."""
    lines = [f"{'model':<15}{'figure':<20}{'platform':>10}{'straight':>10}{'difference':>12}{'measured':>10}"]
    for line in LINES:
        own = line.of(straight)
        if line.model in hidden:
            both = f"{'shadow':>10}{own:>10.4f}{'':>12}"
        else:
            got = line.of(pairs)
            both = f"{got:>10.4f}{own:>10.4f}{got - own:>+12.4f}"
        lines.append(f"{line.model:<15}{line.name:<20}{both}{measured(line):>10}")
    return "\n".join(lines)


def codings(pairs: Sequence[Pair], straight: Sequence[Pair]) -> str:
    """How each coding of the same pictures is read, against the plain picture straight: the worst of each."""
    lines = [f"{'coding':<20}{'pictures':>9}{'view':>9}{'Dice':>8}{'HC, mm':>8}{'cancer, %':>10}"]
    for coding in CODINGS:
        both = [(one, own) for (case, one), (_, own) in zip(pairs, straight, strict=True) if case.coding == coding]
        alike = [
            dice(plain, found)
            for one, own in both
            for plain, found in ((own.head, one.head), (own.lesion, one.lesion))
            if plain is not None
        ]
        answered = sum(one.view == own.view for one, own in both)
        lines.append(
            f"{coding + ('*' if coding in LOSSY else ''):<20}{len(both):>9}{answered:>9}{min(alike, default=0):>8.4f}"
            f"{farthest((one.hc_mm, own.hc_mm) for one, own in both):>8.2f}"
            f"{farthest((one.cancer, own.cancer) for one, own in both):>10.2f}"
        )
    return "\n".join(lines)


def farthest(both: Iterable[tuple[float | None, float | None]]) -> float:
    """The largest difference; infinite where one is not there."""
    return max(
        (inf if one is None else abs(one - plain) for one, plain in both if plain is not None),
        default=0.0,
    )


def report(
    chosen: Sequence[Case], got: Sequence[Answers], straight: Sequence[Answers], hidden: Collection[str]
) -> None:
    pairs, own = list(zip(chosen, got, strict=True)), list(zip(chosen, straight, strict=True))
    counted = Counter(case.source for case in chosen if not case.coding)
    print("\n" + ", ".join(f"{source} {count}" for source, count in sorted(counted.items())))
    print(
        "Trained on most of these pictures, but for the heads (hc18: the test part): read the difference, not the level.\n"
    )
    print(table([pair for pair in pairs if not pair[0].coding], [pair for pair in own if not pair[0].coding], hidden))
    print("\nthe same pictures coded otherwise, against the plain ones straight (*: with loss)")
    print(codings(pairs, own))
    print("\nanswered otherwise than straight, with what the platform says of its models")
    for case, one, other in zip(chosen, got, straight, strict=True):
        if said := differences(case, one, other, hidden):
            wrapped = case.coding or case.wrapping
            print(f"  {case.source} {case.name} ({wrapped}): {'; '.join(said)} | {'; '.join(one.remarks)}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-aims", description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--count", default="20", help="pictures of each set, or `all`")
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE.folder.with_name(".local.bench"))
    parser.add_argument(
        "--running", action="store_true", help="use the stack that runs with this state, and leave it running"
    )
    given: Any = parser.parse_args()
    chosen = cases(given.data, 0 if given.count == "all" else int(given.count))
    state = State(given.state.resolve())
    control = Control(state)
    try:
        if not given.running:
            shutil.rmtree(state.folder, ignore_errors=True)
            print("starting a stack of its own …", flush=True)
            control.up()
            region.apply(state)
        outside = Outside(state)
        caller = outside.machine(CAST.clinic_1)
        caller.token()

        def one(number: int) -> Answers:
            try:
                return through(outside, chosen[number], number)
            except Exception as error:  # one case must not end the others
                return Answers(remarks=[f"{type(error).__name__}: {error}"])

        print(f"sending {len(chosen)} exams …", flush=True)
        with ThreadPoolExecutor(SENDERS) as pool:
            got = list(pool.map(one, range(len(chosen))))
        outside.close()
    finally:
        if not given.running:
            control.down()
    models = read_models(MODELS)
    own = Straight(models, lambda name: MODELS / name / "1" / "model.onnx")
    report(chosen, got, [own.answers(case) for case in chosen], in_shadow(models))
    return 0


if __name__ == "__main__":
    sys.exit(main())
