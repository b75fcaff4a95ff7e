"""The simulator of fetal head pictures: repeatable, and true to the sizes that it states."""

import math

import numpy as np
import pytest

from services.inference import simulator


def test_a_seed_draws_the_same_picture_every_time_and_another_seed_another() -> None:
    first, again, other = simulator.draw(3), simulator.draw(3), simulator.draw(4)
    assert np.array_equal(first.pixels, again.pixels)
    assert first.ellipse == again.ellipse
    assert first.ellipse != other.ellipse


@pytest.mark.parametrize("hc_mm", [80.0, 175.0, 320.0])
def test_the_stated_circumference_is_that_of_the_drawn_ellipse(hc_mm: float) -> None:
    drawn = simulator.draw(5, hc_mm=hc_mm, shape=(640, 480))
    assert drawn.pixels.shape == (480, 640)
    assert drawn.hc_mm == pytest.approx(hc_mm)
    turn = np.linspace(0, 2 * math.pi, 20001)
    x, y = drawn.ofd_mm / 2 * np.cos(turn), drawn.bpd_mm / 2 * np.sin(turn)
    assert np.hypot(np.diff(x), np.diff(y)).sum() == pytest.approx(hc_mm, rel=1e-3)


def test_the_skull_is_brighter_than_the_brain_within_it() -> None:
    for seed in range(8):
        drawn = simulator.draw(seed, shape=(400, 270))
        head = drawn.head
        y, x = np.indices(drawn.pixels.shape)
        c, s = math.cos(head.angle), math.sin(head.angle)
        dx, dy = x - head.center_x, y - head.center_y
        r = np.hypot((dx * c + dy * s) / head.semi_major, (dy * c - dx * s) / head.semi_minor)
        skull, brain = drawn.pixels[(r > 0.94) & (r < 0.99)], drawn.pixels[(r > 0.3) & (r < 0.8)]
        assert skull.mean() > brain.mean()


def test_a_whole_head_lies_within_the_picture() -> None:
    for seed in range(40):
        drawn = simulator.draw(seed)
        head, (rows, columns) = drawn.head, drawn.pixels.shape
        reach_x = math.hypot(head.semi_major * math.cos(head.angle), head.semi_minor * math.sin(head.angle))
        reach_y = math.hypot(head.semi_major * math.sin(head.angle), head.semi_minor * math.cos(head.angle))
        assert reach_x <= head.center_x <= columns - reach_x
        assert reach_y <= head.center_y <= rows - reach_y


def test_a_picture_without_a_head_states_no_measurement() -> None:
    drawn = simulator.draw(1, head=False)
    assert drawn.ellipse is None
    with pytest.raises(ValueError, match="no head"):
        _ = drawn.hc_mm
