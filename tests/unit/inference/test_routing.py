"""View calls the reading models, frame by frame; the exam's body part decides where no view is sure."""

from services.inference.model import Chosen, Mode, ModelCard, Permission, Plan, Rule, Skip, Stage, choose
from services.inference.model import ExamFacts as Exam
from services.inference.routing import called, contradicting_view, steady


def card(name: str, views: tuple[str, ...], parts: tuple[str, ...], stage: Stage = Stage.READ) -> ModelCard:
    return ModelCard(name, "1", "", ("US",), parts, 8, "", "", "II", "", Mode.TRIAL, stage, views)


VIEW = card("view", ("fetal_brain", "breast", "liver"), ("*",), Stage.SCREEN)
QUALITY = card("quality", (), ("*",), Stage.SCREEN)
HEAD = card("fetal_head", ("fetal_brain",), ("FETUS", ""))
LIVER = card("liver", ("liver",), ("LIVER",))
OLD = card("thyroid", (), ("THYROID",))
CARDS = {one.name: one for one in (VIEW, QUALITY, HEAD, LIVER, OLD)}


def plan(body_part: str, *names: str, shadows: tuple[str, ...] = ()) -> Plan:
    permissions = [Permission(name, Mode.SHADOW if name in shadows else Mode.TRIAL, "", "EC-1") for name in names]
    found = choose(Exam("US", body_part, 1, True), permissions, CARDS)
    assert isinstance(found, Plan)
    return found


def names(chosen: tuple[Chosen, ...]) -> list[str]:
    return [one.card.name for one in chosen]


def test_with_a_view_model_every_reading_model_is_on_call_whatever_the_exam_says() -> None:
    found = plan("THYROID", "view", "quality", "fetal_head", "liver")
    assert names(found.screens) == ["quality", "view"]
    assert names(found.readers) == ["fetal_head", "liver"]


def test_without_one_the_body_part_decides_as_before() -> None:
    assert names(plan("FETUS", "fetal_head", "liver").models) == ["fetal_head"]
    nothing = choose(Exam("US", "THYROID", 1, True), [Permission("fetal_head", Mode.SHADOW)], CARDS)
    assert isinstance(nothing, Skip)
    assert nothing.rule is Rule.MODALITY_OR_BODY_PART


def test_a_view_model_in_the_shadow_calls_nobody() -> None:
    found = plan("LIVER", "view", "fetal_head", "liver", shadows=("view",))
    assert found.router is None
    assert called(found, {1: "fetal_brain"}, 1) == {"liver": [1]}


def test_each_reading_model_sees_the_frames_of_its_view_alone() -> None:
    found = plan("", "view", "fetal_head", "liver")
    views = {1: "liver", 2: "liver", 3: "liver", 5: "fetal_brain", 6: "fetal_brain", 7: "fetal_brain"}
    assert called(found, views, 9) == {"fetal_head": [5, 6, 7], "liver": [1, 2, 3]}
    assert called(found, {1: "breast"}, 1) == {}


def test_where_no_frame_is_sure_the_body_part_decides_for_all_of_them() -> None:
    assert called(plan("FETUS", "view", "fetal_head", "liver"), {}, 2) == {"fetal_head": [1, 2]}
    assert called(plan("THYROID", "view", "fetal_head", "liver"), {}, 2) == {}


def test_an_anatomy_that_the_view_does_not_know_leaves_the_body_part_to_decide_and_a_photograph_does_not() -> None:
    found = plan("FETUS", "view", "fetal_head", "liver")
    assert called(found, {1: "other_ultrasound"}, 1) == {"fetal_head": [1]}
    assert called(found, {1: "not_ultrasound"}, 1) == {}
    assert called(plan("", "view", "fetal_head"), {1: "other_ultrasound"}, 1) == {}


def test_a_model_whose_card_names_no_view_is_called_by_the_body_part_alone() -> None:
    assert called(plan("THYROID", "view", "thyroid"), {1: "liver"}, 1) == {"thyroid": [1]}


def test_a_stray_frame_of_a_clip_is_no_view_and_a_still_is_one() -> None:
    views = {1: "breast", 2: "breast", 3: "breast", 4: "liver", 5: "breast", 7: "breast", 8: "breast"}
    assert steady(views, 8) == {1: "breast", 2: "breast", 3: "breast"}
    assert steady({1: "liver"}, 1) == {1: "liver"}
    assert steady({2: "liver"}, 2) == {}
    assert steady({6: "lung", 7: "lung", 8: "lung"}, 8) == {6: "lung", 7: "lung", 8: "lung"}


def test_the_view_contradicts_an_exam_that_means_another_anatomy() -> None:
    brain = {1: "fetal_brain", 2: "fetal_brain", 3: "breast"}
    assert contradicting_view("BREAST", brain) == "fetal_brain"
    assert contradicting_view("fetus", brain) == ""
    assert contradicting_view("", brain) == ""
    assert contradicting_view("LEG", brain) == ""  # no view is known for it
    assert contradicting_view("BREAST", {1: "muscle"}) == ""  # a muscle lies under everything
    assert contradicting_view("BREAST", {}) == ""
