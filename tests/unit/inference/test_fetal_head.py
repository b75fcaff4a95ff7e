"""The fetal head model: its graph under plain ONNX Runtime, and the way from its outputs to measurements."""

import hashlib
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.inference import simulator
from services.inference.model import Measurement, Observation, Refusal
from services.inference.models.fetal_head import criteria, postprocess
from services.inference.models.fetal_head import ellipse as ellipses
from services.inference.models.fetal_head.ellipse import Ellipse
from services.inference.models.fetal_head.postprocess import Head

FOLDER = Path(postprocess.__file__).parent
CARD: dict[str, Any] = yaml.safe_load((FOLDER / "card.yaml").read_text(encoding="utf-8"))
HEIGHT, WIDTH = 192, 288


@pytest.fixture(scope="module")
def model() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(FOLDER / "1" / "model.onnx"), options, providers=["CPUExecutionProvider"])


def run(model: onnxruntime.InferenceSession, pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    mask, presence = model.run(["mask", "presence"], {"image": pixels[None, :, :, None]})
    return {"mask": mask[0], "presence": presence[0]}


def outputs_of(head: Ellipse | None, presence: float = 0.99) -> dict[str, NDArray[Any]]:
    """What a perfect network would answer for an ellipse in mask pixels."""
    y, x = np.indices((HEIGHT, WIDTH))
    level = np.zeros((HEIGHT, WIDTH))
    if head is not None:
        radius = head.radius(np.column_stack([x.ravel(), y.ravel()]).astype(float)).reshape(level.shape)
        level = np.clip(0.5 + (1 - radius) * math.sqrt(head.semi_major * head.semi_minor), 0, 1)
    return {"mask": np.rint(255 * level).astype(np.uint8), "presence": np.array([presence], np.float32)}


def values(found: tuple[Measurement, ...]) -> dict[str, float]:
    return {one.code.value: one.value for one in found}


def head_of(outputs: dict[str, NDArray[Any]], rows: int, columns: int) -> Head:
    found = postprocess.find(outputs, rows, columns)
    assert isinstance(found, Head), found
    return found


def test_the_card_names_the_weights_that_lie_beside_it_and_they_are_small() -> None:
    data = (FOLDER / CARD["weights"]["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == CARD["weights"]["sha256"]
    assert len(data) <= 10_000_000
    absolute = rb"/(home|root|tmp|usr|var|opt|mnt|srv|media|data|work|workspace|Users|private)/"
    assert re.search(absolute, data) is None, "the weights name a path of the machine that made them"


@pytest.mark.parametrize("shape", [(1, 270, 400, 1), (2, 540, 800, 3), (1, 600, 300, 1), (3, 64, 64, 1)])
def test_any_size_number_and_colour_of_frames_gives_a_mask_of_one_size(model: Any, shape: tuple[int, ...]) -> None:
    frames = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    mask, presence = model.run(["mask", "presence"], {"image": frames})
    assert (mask.shape, mask.dtype) == ((shape[0], HEIGHT, WIDTH), np.uint8)
    assert presence.shape == (shape[0], 1)


def test_frames_in_one_batch_answer_as_each_does_alone(model: Any) -> None:
    frames = np.stack([simulator.draw(seed, shape=(400, 270)).pixels for seed in (1, 2)])[..., None]
    together, _ = model.run(["mask", "presence"], {"image": frames})
    alone = [run(model, frame[..., 0])["mask"] for frame in frames]
    assert np.abs(together.astype(int) - np.stack(alone).astype(int)).max() <= 1


def test_simulated_heads_are_measured_within_two_millimetres(model: Any) -> None:
    errors = []
    for seed in range(500, 512):
        drawn = simulator.draw(seed, shape=(400, 270))
        found = postprocess.find(run(model, drawn.pixels), *drawn.pixels.shape)
        if isinstance(found, Head):
            errors.append(abs(found.ellipse.perimeter * drawn.spacing_mm - drawn.hc_mm))
    assert len(errors) >= 11
    assert np.median(errors) <= 2


def test_half_and_full_size_of_one_picture_measure_the_same(model: Any) -> None:
    full = simulator.draw(7, shape=(800, 540)).pixels
    half = full.reshape(270, 2, 400, 2).mean((1, 3)).round().astype(np.uint8)
    large, small = head_of(run(model, full), 540, 800), head_of(run(model, half), 270, 400)
    assert large.ellipse.perimeter == pytest.approx(2 * small.ellipse.perimeter, rel=0.005)


@pytest.mark.parametrize("level", [0, 90, 255])
def test_an_even_picture_holds_no_head(model: Any, level: int) -> None:
    pixels = np.full((540, 800), level, np.uint8)
    assert postprocess.find(run(model, pixels), 540, 800) == postprocess.NO_HEAD
    assert postprocess.read(run(model, pixels), 540, 800) == postprocess.NO_HEAD


def test_simulated_tissue_without_a_head_is_not_measured(model: Any) -> None:
    answers = [
        postprocess.find(run(model, p), *p.shape)
        for p in (simulator.draw(s, head=False).pixels for s in range(600, 606))
    ]
    assert sum(isinstance(answer, Refusal) for answer in answers) >= 5


@pytest.mark.parametrize("angle", [0.0, 0.4, -1.2, math.pi / 2])
def test_a_mask_gives_back_its_ellipse_far_below_a_pixel(angle: float) -> None:
    drawn = Ellipse(140.3, 95.7, 70.4, 55.2, angle)
    found = head_of(outputs_of(drawn), HEIGHT, WIDTH).ellipse
    assert (found.center_x, found.center_y) == pytest.approx((drawn.center_x, drawn.center_y), abs=0.1)
    assert (found.semi_major, found.semi_minor) == pytest.approx((drawn.semi_major, drawn.semi_minor), abs=0.15)
    assert math.cos(2 * (found.angle - drawn.angle)) == pytest.approx(1, abs=1e-3)


def test_a_spur_on_the_mask_moves_the_ellipse_little() -> None:
    drawn = Ellipse(140, 96, 70, 55, 0.2)
    outputs = outputs_of(drawn)
    outputs["mask"][90:96, 200:240] = 255
    outputs["mask"][5:12, 5:40] = 255  # and another part elsewhere
    assert head_of(outputs, HEIGHT, WIDTH).ellipse.perimeter == pytest.approx(drawn.perimeter, rel=0.01)


@pytest.mark.parametrize(
    ("head", "presence", "expected"),
    [
        (Ellipse(140, 96, 70, 55, 0), 0.2, postprocess.NO_HEAD),
        (None, 0.9, postprocess.NO_HEAD),
        (Ellipse(30, 96, 70, 60, 0), 0.9, postprocess.CUT),
        (Ellipse(140, 96, 80, 30, 0), 0.9, postprocess.IMPLAUSIBLE),
    ],
)
def test_what_cannot_be_measured_is_refused_with_its_reason(
    head: Ellipse | None, presence: float, expected: Refusal
) -> None:
    outputs = outputs_of(head, presence)
    assert postprocess.find(outputs, HEIGHT, WIDTH) == expected
    assert postprocess.read(outputs, HEIGHT, WIDTH) == expected


def test_a_blurred_mask_is_less_certain_than_a_sharp_one() -> None:
    sharp = outputs_of(Ellipse(140, 96, 70, 55, 0))
    doubtful = {**sharp, "mask": (sharp["mask"] * 0.6).astype(np.uint8)}
    assert head_of(doubtful, HEIGHT, WIDTH).certainty < head_of(sharp, HEIGHT, WIDTH).certainty - 0.1


def test_lengths_follow_rows_and_columns_each_with_their_own_spacing() -> None:
    points = Ellipse(100, 100, 60, 60, 0).points(64) + 0.5
    outline = Observation(95, postprocess.HEAD, tuple((float(x), float(y)) for x, y in points))
    found = values(postprocess.measure(outline, (0.4, 0.5)))  # 0.4 mm between rows, 0.5 mm between columns
    assert found[postprocess.BPD.value] == pytest.approx(2 * 60 * 0.4, rel=1e-6)
    assert found[postprocess.OFD.value] == pytest.approx(2 * 60 * 0.5, rel=1e-6)
    assert found[postprocess.HC.value] == pytest.approx(Ellipse(0, 0, 30, 24, 0).perimeter, rel=1e-6)


def test_perimeter_of_a_circle_is_exact() -> None:
    assert Ellipse(0, 0, 10, 10, 0).perimeter == pytest.approx(20 * math.pi)


@pytest.mark.parametrize(("hc_mm", "weeks"), [(100, 14.66), (175, 20.02), (300, 33.26), (340, 39.11)])
def test_gestational_age_follows_hadlocks_equation(hc_mm: float, weeks: float) -> None:
    assert postprocess.gestational_age_weeks(hc_mm) == pytest.approx(weeks, abs=0.01)


@pytest.mark.parametrize(
    ("hc_mm", "weeks"), [(68, 12.7263), (151, 18.1469), (224, 24.4278), (301, 33.3953), (360, 42.3968)]
)
def test_gestational_age_is_that_of_a_scanners_own_table(hc_mm: float, weeks: float) -> None:
    """Rows of "GA by HC, Hadlock 1984" in Hologic's SuperSonic MACH obstetrical references (PM.LAB.175-A, 2020)."""
    assert postprocess.gestational_age_weeks(hc_mm) == pytest.approx(weeks, abs=0.0006)


@pytest.mark.parametrize(("hc_mm", "half_days"), [(75, 8.33), (175, 10.36), (240, 14.42), (300, 20.86), (330, 22.4)])
def test_gestational_age_carries_the_tables_spread_of_its_weeks(hc_mm: float, half_days: float) -> None:
    (age,) = postprocess.gestational_age(hc_mm)
    assert (age.unit, age.method_code) == ("d", postprocess.HADLOCK_BY_HC)
    assert age.upper - age.value == pytest.approx(half_days)
    assert age.value - age.lower == pytest.approx(half_days)


@pytest.mark.parametrize("hc_mm", [30.0, 390.0, math.nan])
def test_no_gestational_age_outside_the_weeks_of_the_formula(hc_mm: float) -> None:
    assert postprocess.gestational_age(hc_mm) == ()


@given(
    angle=st.floats(0, math.pi),
    length=st.floats(1, 500),
    x=st.floats(-500, 500),
    y=st.floats(-500, 500),
    count=st.integers(1, 180),
)
@example(angle=math.atan(2), length=19 * math.sqrt(5), x=9.5, y=19.0, count=20)
def test_points_on_a_line_are_no_ellipse(angle: float, length: float, x: float, y: float, count: int) -> None:
    along = np.linspace(-length / 2, length / 2, count)
    line = np.column_stack([x + math.cos(angle) * along, y + math.sin(angle) * along])
    assert ellipses.fit(line) is None
    assert ellipses.robust_fit(line, rounds=2) is None


@given(
    semi_major=st.floats(5, 200),
    ratio=st.floats(0.05, 0.95),
    angle=st.floats(-1.5, 1.5),
    count=st.integers(12, 180),
)
def test_an_ellipse_however_thin_is_found_again(semi_major: float, ratio: float, angle: float, count: int) -> None:
    drawn = Ellipse(40, 70, semi_major, ratio * semi_major, angle)
    found = ellipses.fit(drawn.points(count))
    assert found is not None
    assert (found.semi_major, found.semi_minor) == pytest.approx((drawn.semi_major, drawn.semi_minor), rel=1e-3)


def judged(head: Ellipse, agreement: float = 0.98, rows: int = 270, columns: int = 400) -> dict[str, str]:
    """Each criterion's answer by its code; empty where it cannot be judged."""
    found = criteria.judge(head, agreement, rows, columns)
    assert all(one.source for one in found)
    assert all(bool(one.why) == (one.answer is None) for one in found)
    return {one.question.value: one.answer.meaning if one.answer else "" for one in found}


def test_a_large_lying_head_meets_what_an_outline_can_show() -> None:
    answers = judged(Ellipse(200, 130, 120, 95, 0.1))
    assert {name for name, answer in answers.items() if answer == "Present"} == {
        "head-oval",
        "head-half",
        "midline-level",
    }


def test_what_lies_within_the_skull_is_not_judged() -> None:
    answers = judged(Ellipse(200, 130, 120, 95, 0.1))
    assert {name for name, answer in answers.items() if not answer} == {
        "midline-whole",
        "hemispheres",
        "thalami",
        "cavum",
        "no-cerebellum",
        "outer-calipers",
    }


@pytest.mark.parametrize(
    ("head", "criterion"),
    (
        (Ellipse(200, 130, 60, 47, 0.0), "head-half"),
        (Ellipse(200, 130, 120, 95, 0.7), "midline-level"),
        (Ellipse(60, 130, 120, 95, 0.0), "head-oval"),
    ),
)
def test_a_small_a_steep_and_a_cut_head_miss_their_criterion(head: Ellipse, criterion: str) -> None:
    assert judged(head)[criterion] == "Absent"


def test_an_outline_that_is_no_ellipse_is_not_oval() -> None:
    assert judged(Ellipse(200, 130, 120, 95, 0.1), agreement=0.94)["head-oval"] == "Absent"


def test_the_observation_tells_the_criteria() -> None:
    found = postprocess.read(outputs_of(Ellipse(140, 95, 80, 62, 0.2)), HEIGHT, WIDTH)
    assert isinstance(found, Observation)
    assert len(found.evaluations) == 9
