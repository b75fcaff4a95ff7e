"""What the models of view, liver and lung say is coded, says how sure it is, and says nothing where it is not."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from services.inference.codes import B_LINES, IMAGE_VIEW_MODIFIER, LUNG_SIGN, MALIGNANT, NATURE
from services.inference.model import Observation, Refusal
from services.inference.models.liver import postprocess as liver
from services.inference.models.lung import postprocess as lung
from services.inference.models.view import postprocess as view
from services.inference.views import TRANS_VENTRICULAR, VIEWS


def chances(best: int, of: int, chance: float) -> NDArray[np.float32]:
    """Chances that add up to one, the rest spread evenly."""
    all_of_them = np.full(of, (1 - chance) / (of - 1), np.float32)
    all_of_them[best] = chance
    return all_of_them


def seen(name: str, chance: float, plane: float = 0.9) -> Mapping[str, NDArray[Any]]:
    return {"view": chances(view.VIEW_NAMES.index(name), len(view.VIEW_NAMES), chance), "plane": chances(1, 3, plane)}


@pytest.mark.parametrize("name", list(VIEWS))
def test_a_sure_view_is_named_by_its_code(name: str) -> None:
    answer = view.read(seen(name, 0.9), 480, 640)
    assert isinstance(answer, Observation)
    assert answer.view == VIEWS[name].code
    assert answer.certainty_percent == pytest.approx(90)


def test_an_unsure_view_is_refused_as_not_sure() -> None:
    assert view.read(seen("breast", 0.4), 480, 640) == view.NOT_SURE


@pytest.mark.parametrize("name", sorted(view.THIN))
def test_views_that_few_images_taught_must_be_surer(name: str) -> None:
    assert isinstance(view.read(seen(name, 0.7), 480, 640), Refusal)
    assert isinstance(view.read(seen("breast", 0.7), 480, 640), Observation)


def test_a_brain_tells_its_plane_and_other_views_none() -> None:
    brain, breast = (view.read(seen(name, 0.9), 480, 640) for name in ("fetal_brain", "breast"))
    assert isinstance(brain, Observation)
    assert isinstance(breast, Observation)
    (plane,) = brain.evaluations
    assert (plane.question, plane.answer) == (IMAGE_VIEW_MODIFIER, TRANS_VENTRICULAR)
    assert breast.evaluations == ()


def test_an_unsure_plane_cannot_be_judged_and_the_brain_is_still_one() -> None:
    brain = view.read(seen("fetal_brain", 0.9, plane=0.5), 480, 640)
    assert isinstance(brain, Observation)
    (plane,) = brain.evaluations
    assert plane.answer is None
    assert plane.why


def test_chances_that_are_no_numbers_are_never_an_answer() -> None:
    nothing = np.full(11, np.nan, np.float32)
    assert isinstance(view.read({"view": nothing, "plane": nothing[:3]}, 480, 640), Refusal)
    assert liver.read({"nature": nothing[:3]}, 480, 640).evaluations == (liver.NOT_SURE,)
    assert said_of_lung({1: {"sign": nothing[:3]}}).evaluations == (lung.NOT_SURE,)


def said_of_lung(by_frame: dict[int, dict[str, Any]]) -> Observation:
    answers = lung.read_clip(by_frame, 480, 640)
    assert not isinstance(answers, Refusal)
    (answer,) = answers
    return answer.observation


def test_a_liver_says_its_nature_when_sure_and_that_it_is_not_sure_when_not() -> None:
    sure = liver.read({"nature": chances(2, 3, 0.8)}, 480, 640)
    assert [(one.question, one.answer) for one in sure.evaluations] == [(NATURE, MALIGNANT)]
    assert liver.read({"nature": chances(2, 3, 0.5)}, 480, 640).evaluations == (liver.NOT_SURE,)


def test_a_lung_clip_names_the_frames_that_decided_the_most_telling_first() -> None:
    by_frame = {number: {"sign": chances(1, 3, chance)} for number, chance in enumerate((0.7, 0.9, 0.75, 0.95, 0.6), 1)}
    answers = lung.read_clip(by_frame, 480, 640)
    assert not isinstance(answers, Refusal)
    (answer,) = answers
    assert answer.frames == (4, 2, 3)
    assert [(one.question, one.answer) for one in answer.observation.evaluations] == [(LUNG_SIGN, B_LINES)]


def test_a_lung_clip_whose_frames_disagree_is_not_sure() -> None:
    by_frame = {number: {"sign": chances(number % 3, 3, 0.9)} for number in range(1, 10)}
    assert said_of_lung(by_frame).evaluations == (lung.NOT_SURE,)
    assert lung.read_clip({}, 480, 640) == lung.NO_FRAMES


def test_one_odd_frame_does_not_turn_a_clip() -> None:
    steady = np.stack([chances(0, 3, 0.8)] * 9 + [chances(2, 3, 0.99)]).astype(np.float64)
    assert lung.pool(steady).argmax() == 0
