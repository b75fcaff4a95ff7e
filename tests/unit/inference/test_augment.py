"""Views as another machine would give them: what they change, and what they must leave."""

import numpy as np
import pytest

from services.inference.training.augment import another_frame, appearance, bend
from services.inference.training.picture import Pixels


@pytest.fixture
def layers() -> Pixels:
    """Bright layers at every twentieth row, as a straight probe shows them."""
    picture = np.full((121, 161), 40, np.uint8)
    picture[10::20] = 220
    return picture


@pytest.mark.parametrize("seed", range(8))
def test_bending_leaves_depth_under_the_probes_middle_and_moves_it_at_the_sides(layers: Pixels, seed: int) -> None:
    bent = bend(np.random.default_rng(seed), layers)
    assert bent.shape == layers.shape
    assert np.array_equal(bent[:, 80], layers[:, 80])
    assert not np.array_equal(bent[:, 30], layers[:, 30])


def test_bending_makes_a_fan_of_some_pictures_and_lays_others_straight(layers: Pixels) -> None:
    at_the_side = [int(bend(np.random.default_rng(seed), layers)[60:95, 40].argmax()) for seed in range(12)]
    under_the_middle = int(layers[60:95, 80].argmax())
    assert min(at_the_side) < under_the_middle < max(at_the_side)


@pytest.mark.parametrize("seed", range(8))
def test_another_machines_picture_stays_within_black_and_white_and_is_drawn_anew_from_its_seed(
    layers: Pixels, seed: int
) -> None:
    image = np.asarray(layers / 255, np.float32)
    first = appearance(np.random.default_rng(seed), image, 1.2)
    assert first.shape == image.shape
    assert first.min() >= 0
    assert first.max() <= 1
    assert np.array_equal(first, appearance(np.random.default_rng(seed), image, 1.2))
    assert image.max() == pytest.approx(220 / 255)


@pytest.mark.parametrize("seed", range(8))
def test_other_borders_take_from_the_picture_and_add_black_alone(layers: Pixels, seed: int) -> None:
    assert set(np.unique(another_frame(np.random.default_rng(seed), layers))) <= {0, 40, 220}
