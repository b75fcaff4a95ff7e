"""How far what runs in the shadow lies from what is shown, on the same images. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from services.inference import codes
from services.inference.model import Code, Measurement
from services.inference.result import Group, Result, Run

# Differences up to these are taken as agreement, beside whatever lies within the shown figure's own interval: the platform's own choice.
TOLERANCE_SHARE = 0.05
TOLERANCE_POINTS = 10.0  # of figures in %


@dataclass(frozen=True, slots=True)
class Difference:
    """A shadow's figure or coded answer beside the shown one on an image; None or an empty text is nothing said."""

    model: str
    against: str
    against_version: str
    code: str
    meaning: str
    sop_instance_uid: str
    shadow_value: float | None = None
    shown_value: float | None = None
    unit: str = ""
    shadow_answer: str = ""
    shown_answer: str = ""
    disagrees: bool = False


@dataclass(slots=True)
class _Said:
    """What a model says of one image."""

    figures: dict[str, Measurement] = field(default_factory=dict)
    answers: dict[str, set[str]] = field(default_factory=dict)
    meanings: dict[str, str] = field(default_factory=dict)

    def add(self, group: Group) -> None:
        observation = group.reading.observation
        for figure in group.reading.measurements:
            self.figures.setdefault(figure.code.value, figure)
            self.meanings[figure.code.value] = figure.code.meaning
        if observation.view:
            self._answer(codes.IMAGE_VIEW, observation.view)
        for one in observation.evaluations:
            if one.answer:
                self._answer(one.question, one.answer)

    def _answer(self, question: Code, answer: Code) -> None:
        self.answers.setdefault(question.value, set()).add(answer.value)
        self.meanings[question.value] = question.meaning


def compare(result: Result) -> tuple[Difference, ...]:
    """Each shadow's words beside the shown ones'. A version in the shadow of its own model is held to all that either says; another
    model to what both say. Runs that failed are not compared."""
    answered = {run.model: run for run in result.runs if not run.failed}
    said = {name: _by_image(result, name) for name in answered}
    differences: list[Difference] = []
    for shadow in answered.values():
        if shadow.shown:
            continue
        own = shadow.model.partition("@")[0]
        for shown in answered.values():
            if shown.shown and own in (shown.model, shadow.model):
                differences += _differences(shadow, shown, said[shadow.model], said[shown.model])
    return tuple(sorted(differences, key=lambda one: (one.model, one.sop_instance_uid, one.code, one.against)))


def _by_image(result: Result, model: str) -> dict[str, _Said]:
    images: dict[str, _Said] = {}
    for group in sorted((one for one in result.groups if one.model == model), key=lambda one: one.number):
        images.setdefault(group.source.sop_instance_uid, _Said()).add(group)
    return images


def _differences(
    shadow: Run, shown: Run, by_shadow: dict[str, _Said], by_shown: dict[str, _Said]
) -> Iterator[Difference]:
    same_model = shadow.model.partition("@")[0] == shown.model
    for image in sorted(by_shadow.keys() | by_shown.keys()):
        new, old = by_shadow.get(image, _Said()), by_shown.get(image, _Said())
        meanings = new.meanings | old.meanings
        for code in new.figures.keys() | old.figures.keys():
            ours, theirs = new.figures.get(code), old.figures.get(code)
            if same_model or (ours and theirs):
                yield Difference(
                    shadow.model,
                    shown.model,
                    shown.version,
                    code,
                    meanings[code],
                    image,
                    ours.value if ours else None,
                    theirs.value if theirs else None,
                    (ours or theirs).unit,  # type: ignore[union-attr]  # one of them said it
                    disagrees=not (ours and theirs and _agree(ours, theirs)),
                )
        for question in (new.answers.keys() | old.answers.keys()) if same_model else ():
            ours_said, theirs_said = (",".join(sorted(one.answers.get(question, ()))) for one in (new, old))
            yield Difference(
                shadow.model,
                shown.model,
                shown.version,
                question,
                meanings[question],
                image,
                shadow_answer=ours_said,
                shown_answer=theirs_said,
                disagrees=ours_said != theirs_said,
            )


def _agree(shadow: Measurement, shown: Measurement) -> bool:
    tolerance = TOLERANCE_POINTS if shown.unit == "%" else TOLERANCE_SHARE * abs(shown.value)
    return abs(shadow.value - shown.value) <= tolerance or shown.lower <= shadow.value <= shown.upper
