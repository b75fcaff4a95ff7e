"""What the event tells: what an expert decides, and what stands beside it."""

import uuid
from datetime import UTC, datetime

from sonobridge.inference.v1 import events_pb2 as pb
from sonobridge.ingest.v1 import events_pb2 as ingest

from services.inference import codes, outcome
from services.inference.model import Evaluation, FrameReading, Measurement, Mode, Observation, Stage
from services.inference.result import Group, Result, Run, Silence
from services.inference.sr import silence_notices
from services.inference.views import VIEWS
from tests.unit.inference.test_sr import CONTOUR, FIGURES, HEAD, source

CLIP = source()
CRITERION = Evaluation(codes.BURNED_IN_TEXT, codes.PRESENT, source="a paper", hint=True)
UNJUDGED = Evaluation(codes.LUNG_SIGN, None, why="too dark")
NATURE = Evaluation(codes.NATURE, codes.BENIGN, 80.0)
READ = Observation(90.0, HEAD, CONTOUR, evaluations=(NATURE, CRITERION, UNJUDGED))


def run(model: str, stage: Stage) -> Run:
    return Run(model, "1", "", Mode.TRIAL, "EC-1", "", 5, "findings", 0.1, "", stage)


def told(*groups: Group) -> pb.AnalysisCompleted:
    runs = (run("head", Stage.READ), run("screen", Stage.SCREEN))
    return outcome.completed(ingest.Exam(), uuid.UUID(int=3), Result(runs, groups), [], datetime.now(UTC))


def codes_of(findings: object) -> list[str]:
    return [one.code.value for one in findings]  # type: ignore[attr-defined]


def test_figures_and_answers_are_decided_and_criteria_and_what_cannot_be_judged_stand_beside_them() -> None:
    done = told(Group("head", CLIP, 3, FrameReading(READ, FIGURES)))
    assert codes_of(done.findings) == ["11984-2", "11820-8", "18185-9", "nature"]
    assert codes_of(done.hints) == ["burned-in-text", "lung-sign"]
    assert done.findings[3].certainty_percent == 80
    assert [one.meaning for one in done.findings[3].evaluation.choices] == ["Normal", "Benign", "Malignant"]
    criterion, unjudged = done.hints
    assert (criterion.certainty_percent, criterion.evaluation.source) == (0, "a paper")
    assert (unjudged.evaluation.HasField("answer"), unjudged.evaluation.why) == (False, "too dark")


def test_what_screening_says_is_a_hint_with_ids_of_its_own() -> None:
    quality = Measurement(codes.IMAGE_QUALITY, 71.0, "%", 60.0, 80.0, "")
    unjudged = Evaluation(codes.IMAGE_QUALITY, None, why="not sure")
    said = Observation(70.0, VIEWS["liver"].code, figures=(quality,), evaluations=(unjudged,))
    done = told(
        Group("screen", CLIP, 2, FrameReading(said, (quality,)), (1, 2, 3, 5)),
        Group("screen", CLIP, 2, FrameReading(said, (quality,)), (2,), 1),
    )
    assert list(done.findings) == []
    assert sorted(set(codes_of(done.hints))) == ["111031", "111101"]
    assert len({one.finding_id for one in done.hints}) == len(done.hints) == 6
    first = done.hints[0].anchor
    assert (first.first_frame, first.last_frame, first.key_frame) == (1, 3, 2)


def test_the_key_image_is_one_that_was_read_and_not_the_surest_of_the_screening() -> None:
    sure = Group("screen", CLIP, 5, FrameReading(Observation(99.9, VIEWS["liver"].code)))
    done = told(sure, Group("head", CLIP, 3, FrameReading(READ, FIGURES)))
    assert done.key_frame == 3


def test_what_nothing_is_said_of_is_told_with_its_reason_and_a_shadows_silence_is_not() -> None:
    runs = (run("head", Stage.READ), Run("new", "2", "", Mode.SHADOW, "", "", 5, "findings", 0.1))
    silences = tuple(Silence(model, CLIP, "no_head", "No head.", "未见胎头。", 4) for model in ("", "head", "new"))
    result = Result(runs, (), silences=silences)
    done = outcome.completed(ingest.Exam(), uuid.UUID(int=3), result, [], datetime.now(UTC))
    assert [(one.model, one.name, one.reason_zh, one.frames) for one in done.silences] == [
        ("", "no_head", "未见胎头。", 4),
        ("head", "no_head", "未见胎头。", 4),
    ]
    assert silence_notices(result)[1] == "head 1 says nothing of 4 frame(s) of 1 image(s): No head."


def test_the_key_image_is_none_on_which_a_model_is_not_sure() -> None:
    unsure = Group("head", CLIP, 5, FrameReading(Observation(50.0, HEAD, evaluations=(UNJUDGED,))))
    sure = Group("screen", CLIP, 2, FrameReading(Observation(70.0, VIEWS["liver"].code)))
    assert told(unsure, sure).key_frame == 2
