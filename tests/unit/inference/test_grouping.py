"""What a model says of an instance, each statement once."""

from collections import Counter

from services.inference.codes import BENIGN, MALIGNANT, NATURE
from services.inference.frames import FramesRead, Seen
from services.inference.grouping import groups_of, lasting, silences_of
from services.inference.model import (
    Chosen,
    Code,
    Evaluation,
    FrameReading,
    Mode,
    ModelCard,
    Observation,
    Refusal,
    Scope,
)
from services.inference.result import Group, Source
from services.inference.views import VIEWS

SOURCE = Source("1.2.3", "1.2.3.4", "1.2", "key", 9, 10, 10)
CONTOUR = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0))


def chosen(scope: Scope = Scope.FRAME) -> Chosen:
    return Chosen(ModelCard("one", "1", "", ("US",), ("*",), 8, "", "", "II", "", scope=scope), Mode.TRIAL)


def seen(frame: int, certainty: float, view: Code | None = None, **more: object) -> Seen:
    return Seen((frame,), FrameReading(Observation(certainty, view, **more)))  # type: ignore[arg-type]


def spoken(groups: list[Group]) -> list[tuple[int, tuple[int, ...], int]]:
    return [(group.frame, group.frames, group.number) for group in groups]


def test_frames_that_say_the_same_are_one_statement_and_the_surest_speaks() -> None:
    liver, lung = VIEWS["liver"].code, VIEWS["lung"].code
    read = FramesRead([seen(3, 80, lung), seen(2, 99, liver), seen(1, 90, liver)])
    assert spoken(groups_of(chosen(), SOURCE, read)) == [(2, (1, 2), 0), (3, (3,), 1)]


def test_other_answers_are_another_statement() -> None:
    answers = [(Evaluation(NATURE, BENIGN),), (Evaluation(NATURE, MALIGNANT),), (Evaluation(NATURE, BENIGN),)]
    read = FramesRead([seen(n, 90, VIEWS["liver"].code, evaluations=a) for n, a in enumerate(answers, 1)])
    assert spoken(groups_of(chosen(), SOURCE, read)) == [(1, (1, 3), 0), (2, (2,), 1)]


def test_an_outline_belongs_to_its_own_frame() -> None:
    read = FramesRead([seen(n, 90 + n, VIEWS["breast"].code, contour=CONTOUR) for n in (1, 2, 3)])
    (group,) = groups_of(chosen(), SOURCE, read)
    assert group.frames == (group.frame,)
    assert group.run == (group.frame, group.frame)


def test_a_view_counts_only_where_it_is_steady() -> None:
    read = FramesRead([seen(n, 90, VIEWS["liver" if n != 4 else "lung"].code) for n in (1, 2, 3, 4)])
    kept = lasting(read, {1: "liver", 2: "liver", 3: "liver"})
    (group,) = groups_of(chosen(), SOURCE, kept)
    assert group.frames == (1, 2, 3)
    (silence,) = silences_of(chosen(), SOURCE, kept)
    assert (silence.model, silence.name, silence.frames) == ("one", "not_steady", 1)


def test_silences_name_their_reasons_the_commonest_first() -> None:
    dark, unsure = Refusal("dark", "It is dark.", "过暗"), Refusal("not_sure", "It is not sure.")
    found = silences_of(chosen(), SOURCE, FramesRead([], Counter({dark: 2, unsure: 5})))
    assert [(one.reason, one.reason_zh, one.frames) for one in found] == [
        ("It is not sure.", "", 5),
        ("It is dark.", "过暗", 2),
    ]


def test_a_clip_models_statements_stand_as_it_made_them() -> None:
    reading = FrameReading(Observation(90))
    read = FramesRead([Seen((5, 4), reading), Seen((5,), reading)])
    groups = groups_of(chosen(Scope.CLIP), SOURCE, read)
    assert spoken(groups) == [(5, (4, 5), 0), (5, (5,), 1)]
    assert groups[0].run == (4, 5)
