"""The gate, the rules, the states, and what is derived."""

import uuid
from dataclasses import replace

import pytest

from services.inference.model import (
    Code,
    ExamFacts,
    FrameReading,
    IllegalTransition,
    Measurement,
    Mode,
    ModelCard,
    Observation,
    Permission,
    Plan,
    Rule,
    Skip,
    State,
    advance,
    analysis_id,
    choose,
    derived_uid,
    finding_id,
    representative_frame,
)

HEAD = ModelCard("head", "1.0.0", "ab" * 32, ("US",), ("FETUS", ""), 8, "头", "Head", "II", "", Mode.TRIAL)
CARDS = {"head": HEAD}
EXAM = ExamFacts("US", "FETUS", 3, trial_consent=True)
HC = Code("11984-2", "LN", "Head Circumference")


def trial(protocol: str = "EC-1") -> Permission:
    return Permission("head", Mode.TRIAL, ethics_protocol=protocol)


def rule_of(found: Plan | Skip) -> Rule:
    assert isinstance(found, Skip)
    return found.rule


def test_a_trial_with_protocol_and_consent_runs_and_is_investigational() -> None:
    plan = choose(EXAM, [trial()], CARDS)
    assert isinstance(plan, Plan)
    assert [chosen.card.name for chosen in plan.models] == ["head"]
    assert plan.investigational


@pytest.mark.parametrize(
    ("exam", "permissions", "rule"),
    [
        (EXAM, [], Rule.NO_MODEL_IN_AGREEMENT),
        (ExamFacts("US", "FETUS", 0, True), [trial()], Rule.NO_IMAGES),
        (ExamFacts("CT", "FETUS", 3, True), [trial()], Rule.MODALITY_OR_BODY_PART),
        (ExamFacts("US", "BREAST", 3, True), [trial()], Rule.MODALITY_OR_BODY_PART),
        (ExamFacts("US", "FETUS", 3, False), [trial()], Rule.TRIAL_WITHOUT_CONSENT),
        (EXAM, [trial("")], Rule.TRIAL_WITHOUT_PROTOCOL),
        (EXAM, [Permission("liver", Mode.SHADOW)], Rule.MODEL_NOT_INSTALLED),
    ],
)
def test_the_rule_that_refuses_is_named(exam: ExamFacts, permissions: list[Permission], rule: Rule) -> None:
    skip = choose(exam, permissions, CARDS)
    assert rule_of(skip) is rule
    assert "{" not in skip.reason  # type: ignore[union-attr]


def test_of_several_refusals_the_one_nearest_to_running_is_named() -> None:
    permissions = [Permission("liver", Mode.SHADOW), trial()]
    assert rule_of(choose(ExamFacts("US", "FETUS", 3, False), permissions, CARDS)) is Rule.TRIAL_WITHOUT_CONSENT


def test_an_approved_model_names_its_certificate_and_is_not_investigational() -> None:
    approved = {"head": replace(HEAD, most=Mode.APPROVED)}
    plan = choose(EXAM, [Permission("head", Mode.APPROVED, certificate="NMPA-1")], approved)
    assert isinstance(plan, Plan)
    assert plan.models[0].certificate == "NMPA-1"
    assert not plan.investigational


def test_an_approved_model_without_certificate_does_not_run() -> None:
    approved = {"head": replace(HEAD, most=Mode.APPROVED)}
    assert rule_of(choose(EXAM, [Permission("head", Mode.APPROVED)], approved)) is Rule.APPROVED_WITHOUT_CERTIFICATE


def test_a_shadow_model_runs_and_is_not_shown() -> None:
    plan = choose(ExamFacts("US", "fetus", 1, False), [Permission("head", Mode.SHADOW)], CARDS)
    assert isinstance(plan, Plan)
    assert plan.shown == ()


@pytest.mark.parametrize("asked", list(Mode))
@pytest.mark.parametrize("most", list(Mode))
def test_a_model_runs_as_the_agreement_says_unless_its_card_says_shadow(asked: Mode, most: Mode) -> None:
    permission = Permission("head", asked, certificate="NMPA-1", ethics_protocol="EC-1")
    plan = choose(EXAM, [permission], {"head": replace(HEAD, most=most)})
    assert isinstance(plan, Plan)
    assert plan.models[0].mode is (Mode.SHADOW if most is Mode.SHADOW else asked)
    assert plan.models[0].certificate == ("" if most is Mode.SHADOW else "NMPA-1")


def test_a_mode_goes_beyond_those_that_show_less() -> None:
    assert [(a.value, b.value) for a in Mode for b in Mode if a.beyond(b)] == [
        ("approved", "trial"),
        ("approved", "shadow"),
        ("trial", "shadow"),
    ]


def test_a_shadow_card_runs_in_the_shadow_though_the_agreement_says_trial_and_nobody_consented() -> None:
    cards = {"head": replace(HEAD, most=Mode.SHADOW)}
    plan = choose(replace(EXAM, trial_consent=False), [trial()], cards)
    assert isinstance(plan, Plan)
    assert (plan.shown, plan.investigational) == ((), False)


def test_a_card_that_does_not_say_how_far_it_goes_goes_no_further_than_the_shadow() -> None:
    assert ModelCard("head", "1", "", ("US",), ("*",), 8, "", "", "II", "").most is Mode.SHADOW


def test_an_exam_without_body_part_fits_only_models_that_say_so() -> None:
    nameless = ExamFacts("US", "", 1, True)
    assert isinstance(choose(nameless, [trial()], CARDS), Plan)
    strict = ModelCard("head", "1", "", ("US",), ("FETUS",), 8, "", "", "II", "", Mode.TRIAL)
    assert rule_of(choose(nameless, [trial()], {"head": strict})) is Rule.MODALITY_OR_BODY_PART


def test_the_state_table_allows_only_the_ways_forward() -> None:
    allowed = {(a, b) for a in State for b in State if _goes(a, b)}
    assert allowed == {
        (State.STARTED, State.INFERRED),
        (State.STARTED, State.SKIPPED),
        (State.INFERRED, State.COMPLETED),
        (State.INFERRED, State.FAILED),
        (State.INFERRED, State.SKIPPED),
    }
    assert {state for state in State if state.finished} == {State.COMPLETED, State.SKIPPED, State.FAILED}


def _goes(a: State, b: State) -> bool:
    try:
        return advance(a, b) is b
    except IllegalTransition:
        return False


def test_ids_derive_from_what_they_stand_for() -> None:
    exam = uuid.uuid4()
    assert analysis_id(exam, 1, ["b:1:trial", "a:1:trial"]) == analysis_id(exam, 1, ["a:1:trial", "b:1:trial"])
    assert len({analysis_id(exam, revision, [v]) for revision in (1, 2) for v in ("a:1", "a:2")}) == 4
    one = analysis_id(exam, 1, [])
    assert finding_id(one, "head", HC, "1.2", 1) != finding_id(one, "head", HC, "1.2", 2)
    uid = derived_uid("sr", one)
    assert uid == derived_uid("sr", one)
    assert uid.startswith("2.25.")
    assert len(uid) <= 64


def reading(certainty: float, value: float | None) -> FrameReading:
    figures = () if value is None else (Measurement(HC, value, "mm", value, value, ""),)
    return FrameReading(Observation(certainty, Code("1", "SCT", "head"), ((0, 0), (1, 0), (1, 1))), figures)


def test_a_clip_speaks_by_the_median_of_its_equally_good_frames() -> None:
    frames = {1: reading(99, 300.0), 2: reading(96, 250.0), 3: reading(98, 270.0), 4: reading(60, 100.0)}
    assert representative_frame(frames) == 3


def test_a_measured_frame_goes_before_a_surer_one_without_calibration() -> None:
    assert representative_frame({1: reading(99, None), 2: reading(80, 250.0)}) == 2


def test_of_frames_that_say_the_same_the_earliest_speaks() -> None:
    assert representative_frame({5: reading(90, 250.0), 2: reading(90, 250.0)}) == 2
