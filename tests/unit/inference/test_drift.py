"""What is counted of models' answers, when two windows differ by more than chance, and what a shadow's words are held to."""

import math
import random
from collections import Counter
from dataclasses import replace

import pytest

from services.inference import watching
from services.inference.codes import IMAGE_VIEW, NATURE, PROBABILITY_OF_CANCER
from services.inference.drift import TENTHS, Measure, Tally, Verdict, shift, tallies, tenth
from services.inference.model import Code, Evaluation, FrameReading, Measurement, Mode, Observation, Stage
from services.inference.result import FAILED, FINDINGS, NOTHING_FOUND, UNREADABLE, Group, Result, Run, Silence, Source
from services.inference.shadow import compare

HC = Code("11984-2", "LN", "Head Circumference")
BRAIN, LIVER = Code("1", "SCT", "Brain"), Code("2", "SCT", "Liver")


def run(model: str, mode: Mode = Mode.TRIAL, outcome: str = FINDINGS) -> Run:
    version = model.partition("@")[2] or "1.0.0"
    return Run(model, version, "", mode, "", "", 1, outcome, 0.1)


def group(model: str, image: str, *figures: Measurement, view: Code | None = None, **more: object) -> Group:
    source = Source("1.2", image, "1.2.840", "key", 1, 10, 10)
    said = Observation(87.0, view, **more)  # type: ignore[arg-type]
    return Group(model, source, 1, FrameReading(said, figures))


def silence(model: str, image: str, frames: int = 1) -> Silence:
    return Silence(model, Source("1.2", image, "1.2.840", "key", frames, 10, 10), "dark", "It is dark.", "", frames)


def hc(value: float, spread: float = 0) -> Measurement:
    return Measurement(HC, value, "mm", value - spread, value + spread, "ellipse")


def cancer(value: float) -> Measurement:
    return Measurement(PROBABILITY_OF_CANCER, value, "%", value, value, "network")


def test_the_index_is_that_of_its_definition() -> None:
    found = shift([500, 500], [300, 700])
    assert found.psi == pytest.approx((0.5 - 0.3) * math.log(0.5 / 0.3) + (0.7 - 0.5) * math.log(0.7 / 0.5), rel=0.01)
    assert found.verdict is Verdict.WATCH


@pytest.mark.parametrize(
    ("recent", "verdict"), [([500, 500], Verdict.STEADY), ([350, 650], Verdict.STEADY), ([200, 800], Verdict.DRIFTS)]
)
def test_the_rule_of_thumb_judges_large_windows(recent: list[int], verdict: Verdict) -> None:
    assert shift([500, 500], recent).verdict is verdict


def test_few_counts_are_not_judged() -> None:
    found = shift([1000, 0], [0, 29])
    assert (found.psi, found.verdict) == (None, Verdict.TOO_FEW)


def test_a_model_that_stops_answering_drifts_though_a_bin_was_empty() -> None:
    assert shift([400, 0, 0], [0, 0, 60]).verdict is Verdict.DRIFTS


def test_chance_alone_is_rarely_called_a_change() -> None:
    rng = random.Random(5)

    def window(n: int) -> list[int]:
        drawn = Counter(min(9, int(rng.betavariate(4, 2) * 10)) for _ in range(n))
        return [drawn[number] for number in range(10)]

    alarms = sum(shift(window(300), window(40)).verdict is not Verdict.STEADY for _ in range(300))
    assert alarms <= 300 * 0.03


def test_certainties_fall_into_tenths() -> None:
    assert [tenth(value) for value in (0, 9.99, 10, 99.9, 100, -1)] == ["0", "0", "1", "9", "9", "0"]
    assert TENTHS[-1] == "9"


def test_a_result_counts_runs_certainties_and_probabilities_the_shadows_apart() -> None:
    result = Result(
        (
            run("breast"),
            run("liver", outcome=NOTHING_FOUND),
            run("breast@2.0.0", Mode.SHADOW),
            run("lung", outcome=FAILED),
            run("head", outcome=UNREADABLE),
        ),
        (group("breast", "i", cancer(63.0)), group("breast@2.0.0", "i", cancer(12.0))),
        silences=(silence("liver", "i"), silence("", "j")),
    )
    assert tallies(result) == {
        Tally("breast", "1.0.0", True, Measure.OUTCOME, "findings"): 1,
        Tally("breast", "1.0.0", True, Measure.CERTAINTY, "8"): 1,
        Tally("breast", "1.0.0", True, Measure.PROBABILITY, "6"): 1,
        Tally("breast", "2.0.0", False, Measure.OUTCOME, "findings"): 1,
        Tally("breast", "2.0.0", False, Measure.CERTAINTY, "8"): 1,
        Tally("breast", "2.0.0", False, Measure.PROBABILITY, "1"): 1,
        Tally("liver", "1.0.0", True, Measure.OUTCOME, "nothing"): 1,
        Tally("lung", "1.0.0", True, Measure.OUTCOME, "failed"): 1,
    }


def test_outcomes_are_counted_by_image_however_many_frames_and_statements_it_has() -> None:
    unsure = Evaluation(NATURE, None, why="not sure")
    result = Result(
        (run("liver"),),
        (
            group("liver", "clip", view=LIVER, evaluations=(Evaluation(NATURE, Code("b", "SCT", "Benign")),)),
            group("liver", "clip", view=LIVER, evaluations=(unsure,)),
            group("liver", "unsure", view=LIVER, evaluations=(unsure,)),
        ),
        silences=(silence("liver", "clip", 40), silence("liver", "dark")),
    )
    counted = {tally.bin: n for tally, n in tallies(result).items() if tally.measure is Measure.OUTCOME}
    assert counted == {"findings": 1, "nothing": 2}


def test_a_view_that_is_sure_counts_though_its_plane_is_not_and_a_failed_run_for_every_image_it_was_to_see() -> None:
    plane = Evaluation(NATURE, None, why="the plane is not sure")
    seen = replace(run("view"), stage=Stage.SCREEN)
    failed = replace(run("lung", outcome=FAILED), images=20)
    result = Result((seen, failed), (group("view", "i", view=BRAIN, evaluations=(plane,)),))
    counted = {(tally.model, tally.bin): n for tally, n in tallies(result).items() if tally.measure is Measure.OUTCOME}
    assert counted == {("view", "findings"): 1, ("lung", "failed"): 20}


def test_series_of_metrics_stay_bounded_however_many_scanners_there_are() -> None:
    tally = Tally("head", "1", True, Measure.OUTCOME, "findings")
    pairs = {tuple(watching.labels(tally, f"hospital-{number}", "").values()) for number in range(500)}
    assert len(pairs) <= 101
    assert ("head", "1", "other", "other") in pairs


def both(shadow: Group | None, shown: Group | None) -> Result:
    groups = tuple(one for one in (shadow, shown) if one)
    return Result((run("head"), run("head@2.0.0", Mode.SHADOW)), groups)


@pytest.mark.parametrize(
    ("shadow", "shown", "disagrees"),
    [
        (hc(300), hc(310), False),
        (hc(300), hc(330), True),
        (hc(300), hc(330, spread=40), False),
        (cancer(40), cancer(49), False),
        (cancer(40), cancer(51), True),
    ],
)
def test_figures_agree_within_five_percent_ten_points_or_the_shown_interval(
    shadow: Measurement, shown: Measurement, disagrees: bool
) -> None:
    (found,) = compare(both(group("head@2.0.0", "i", shadow), group("head", "i", shown)))
    assert (found.shadow_value, found.shown_value, found.disagrees) == (shadow.value, shown.value, disagrees)


def test_what_one_version_says_and_the_other_does_not_is_a_disagreement() -> None:
    (found,) = compare(both(group("head@2.0.0", "i", hc(300)), None))
    assert (found.shadow_value, found.shown_value, found.disagrees) == (300, None, True)
    (found,) = compare(both(None, group("head", "i", hc(300))))
    assert (found.shadow_value, found.shown_value, found.disagrees) == (None, 300, True)


def test_views_and_coded_answers_are_compared_too() -> None:
    benign = Evaluation(NATURE, Code("b", "SCT", "Benign"))
    shadow = group("head@2.0.0", "i", view=LIVER, evaluations=(benign,))
    shown = group("head", "i", view=BRAIN, evaluations=(benign,))
    found = {one.code: one for one in compare(both(shadow, shown))}
    assert (found[IMAGE_VIEW.value].shadow_answer, found[IMAGE_VIEW.value].shown_answer) == ("2", "1")
    assert found[IMAGE_VIEW.value].disagrees
    assert not found[NATURE.value].disagrees


def test_a_difference_names_what_was_compared_and_the_version_that_was_shown() -> None:
    (found,) = compare(both(group("head@2.0.0", "i", hc(300)), group("head", "i", hc(310))))
    assert (found.model, found.against, found.against_version) == ("head@2.0.0", "head", "1.0.0")
    assert (found.code, found.meaning) == (HC.value, HC.meaning)


def test_a_run_that_failed_is_not_compared() -> None:
    result = both(None, group("head", "i", hc(300)))
    failed = replace(result, runs=(result.runs[0], run("head@2.0.0", Mode.SHADOW, FAILED)))
    assert compare(failed) == ()


def test_another_model_in_the_shadow_is_held_to_what_both_say() -> None:
    result = Result(
        (run("head"), run("rival", Mode.SHADOW)), (group("head", "i", hc(300)), group("rival", "i", hc(310), cancer(3)))
    )
    (found,) = compare(result)
    assert (found.model, found.against, found.code) == ("rival", "head", HC.value)
