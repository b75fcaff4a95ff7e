"""What the quality model's outputs mean, and what its training puts into pictures. No torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import yaml

from services.inference import codes
from services.inference.model import ClipObservation, Code, Scope, Stage
from services.inference.models import quality
from services.inference.models.quality import faults, overlay, postprocess, text
from services.inference.models.quality.geometry import CELL, MAP
from services.inference.registry import read_model

FOLDER = Path(quality.__file__).parent
SPECKLE = np.random.default_rng(0).integers(40, 200, (48, 64)).astype(np.uint8)
Outputs = Mapping[str, npt.NDArray[Any]]


def frame(
    chances: tuple[float, ...] = (0.01, 0.01, 0.01, 0.01),
    strength: tuple[float, ...] = (0.05, 0.0, 0.0, 0.0),
    lines: tuple[tuple[int, int, int, int], ...] = (),
    pattern: npt.NDArray[np.uint8] = SPECKLE,
) -> Outputs:
    """One frame's outputs; lines as (first row, first column, last row, last column) of cells, the last exclusive."""
    map_ = np.zeros(MAP, np.uint8)
    for top, left, bottom, right in lines:
        map_[top:bottom, left:right] = 250
    return {"faults": np.array(chances), "strength": np.array(strength), "text": map_, "pattern": pattern}


def other(seed: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(40, 200, (48, 64)).astype(np.uint8)


def read(*frames: Outputs, rows: int = 384, columns: int = 512) -> list[ClipObservation]:
    return list(postprocess.read_clip(dict(enumerate(frames, 1)), rows, columns))


def finding(found: list[ClipObservation], fault: Code) -> ClipObservation | None:
    return next((one for one in found if one.observation.finding == fault), None)


def test_a_good_still_has_its_quality_in_percent_and_nothing_else() -> None:
    (whole,) = read(frame())
    (figure,) = whole.observation.figures
    assert (figure.code, figure.unit) == (codes.IMAGE_QUALITY, "%")
    assert figure.value == pytest.approx(95)
    assert whole.observation.evaluations[0].answer == codes.GOOD_QUALITY


def test_a_fault_is_named_with_its_frames_the_clearest_first() -> None:
    dark, darker = frame((0.9, 0, 0, 0), (0.6, 0, 0, 0)), frame((0.99, 0, 0, 0), (0.9, 0, 0, 0), pattern=other(1))
    found = read(frame(pattern=other(2)), dark, darker)
    low = finding(found, codes.GAIN_TOO_LOW)
    assert low is not None
    assert low.frames == (3, 2)
    assert low.observation.evaluations[0].answer == codes.GAIN_TOO_LOW
    assert found[0].observation.evaluations[0].answer == codes.POOR_QUALITY


def test_between_present_and_absent_the_answer_is_not_sure_and_names_the_question() -> None:
    middle = (postprocess.PRESENT[3] + postprocess.ABSENT[3]) / 2
    (whole,) = read(frame((0.0, 0.0, 0.0, middle)))
    (word,) = whole.observation.evaluations
    assert word.answer is None
    assert "motion blur" in word.why


def test_one_faulty_frame_in_many_is_not_the_clip_s() -> None:
    frames = [frame(pattern=other(n)) for n in range(30)]
    frames[7] = frame((0.0, 0.0, 0.95, 0.0), (0, 0, 0.8, 0), pattern=other(7))
    assert finding(read(*frames), codes.CONTACT_LOST) is None


def test_frames_that_repeat_the_one_before_are_named() -> None:
    again = SPECKLE.copy()
    again[0, :20] += 1  # compressed anew
    found = finding(read(frame(), frame(), frame(pattern=other(1)), frame(pattern=other(1)), frame()), codes.FROZEN)
    assert found is not None
    assert sorted(found.frames) == [2, 4]
    assert finding(read(frame(), frame(pattern=again)), codes.FROZEN) is not None


def test_frames_that_follow_each_other_do_not_repeat_and_black_says_nothing() -> None:
    black = np.zeros((48, 64), np.uint8)
    assert finding(read(frame(), frame(pattern=other(1))), codes.FROZEN) is None
    assert finding(read(frame(pattern=black), frame(pattern=black)), codes.FROZEN) is None


def test_text_lies_where_the_map_says_in_pixels_of_the_image() -> None:
    found = finding(read(frame(lines=((10, 20, 13, 60),)), rows=768, columns=1024), codes.BURNED_IN_TEXT)
    assert found is not None
    assert found.observation.contour == ((160, 80), (480, 80), (480, 104), (160, 104))


def test_words_become_a_line_and_lines_a_block_but_specks_nothing() -> None:
    map_ = frame(lines=((10, 20, 12, 30), (10, 33, 12, 50), (13, 20, 15, 48), (60, 90, 61, 92), (40, 5, 43, 20)))[
        "text"
    ]
    found = text.regions(map_, 384, 512)
    boxes = {(r.left / CELL, r.top / CELL, r.right / CELL, r.bottom / CELL) for r in found}
    assert boxes == {(20, 10, 50, 15), (5, 40, 20, 43)}


def test_text_of_a_part_of_the_clip_is_found_with_its_frames() -> None:
    frames = [frame(pattern=other(n), lines=((10, 20, 13, 60),) if n >= 6 else ()) for n in range(10)]
    found = finding(read(*frames), codes.BURNED_IN_TEXT)
    assert found is not None
    assert sorted(found.frames) == [7, 8, 9, 10]


@pytest.mark.parametrize("name", faults.FAULTS)
def test_a_fault_leaves_what_lies_outside_the_sector_and_grows_with_its_strength(name: str) -> None:
    rng = np.random.default_rng(1)
    image = rng.uniform(0.2, 0.6, (96, 128)).astype(np.float32)
    inside = np.zeros(image.shape, bool)
    inside[10:90, 20:110] = True
    image[~inside] = 0
    changes = []
    for strength in (0.0, *faults.GRADES):
        worse = [faults.BY_NAME[name](np.random.default_rng(seed), image, inside, strength) for seed in range(12)]
        assert all(one.dtype == np.float32 and one.min() >= 0 and one.max() <= 1 for one in worse)
        assert all(not one[~inside].any() for one in worse)
        changes.append(float(np.mean([np.abs(one - image).mean() for one in worse])))
    assert changes[1] < changes[2] < changes[3] < changes[4]


def test_print_is_marked_where_it_lies_and_furniture_is_not() -> None:
    sheet = overlay.Sheet(np.zeros((200, 300), np.float32))
    rng = np.random.default_rng(2)
    for draw in overlay.FURNITURE:
        draw(rng, sheet, True)
    assert not sheet.text.any()
    sheet = overlay.Sheet(np.zeros((200, 300), np.float32))
    sheet.put(overlay.inked(rng, "王小明 GA 23w4d", 16), 40, 50, 1.0)
    rows, columns = np.nonzero(sheet.image > 0.3)
    assert sheet.text[rows, columns].all()
    assert (rows.min(), columns.min()) >= (50, 40)


def test_the_installed_model_screens_whole_clips_of_any_body_part() -> None:
    installed = read_model(FOLDER)
    assert installed is not None
    card = installed.card
    assert (card.stage, card.scope) == (Stage.SCREEN, Scope.CLIP)
    assert card.fits("US", "BREAST")
    assert card.fits("US", "")


def test_the_card_says_what_is_not_approved() -> None:
    document = yaml.safe_load((FOLDER / "card.yaml").read_text(encoding="utf-8"))
    assert document["regulatory"]["approved"] is False
    assert document["regulatory"]["mode"] == "trial"
