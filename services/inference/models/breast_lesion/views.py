"""Random views of a sample as the network sees it: the whole image, the lesion near by, or tissue beside it."""

import math
from typing import Literal

import numpy as np
from numpy.random import Generator

from services.inference.models.breast_lesion.dataset import Sample
from services.inference.training import augment
from services.inference.training.picture import Floats, Image, Picture, Pixels

Kind = Literal["whole", "near", "beside"]
Window = tuple[float, float, float]  # centre and side of a square on the image

CONTEXT = 1.6  # side of the near view: so many times the lesion's longer extent
SMALLEST = 40.0  # of a near view's side, in pixels of the image
ROOM = 64  # least side of tissue without the lesion
STRENGTH = 0.7  # of what another machine would change


def extent(mask: Pixels) -> Window:
    """Centre and longer extent of what a mask marks, from its moments: 4 standard deviations span an ellipse's axis."""
    ys, xs = np.nonzero(mask)
    return float(xs.mean()), float(ys.mean()), 4 * max(float(xs.std()), float(ys.std()))


def near(mask: Pixels) -> Window:
    """The lesion with its surroundings."""
    x, y, length = extent(mask)
    return x, y, max(SMALLEST, CONTEXT * length)


def _moved(rng: Generator, window: Window) -> Window:
    x, y, side = window
    side *= math.exp(rng.normal(0, 0.17))
    return x + rng.normal(0, 0.06) * side, y + rng.normal(0, 0.06) * side, side


def _beside(sample: Sample, rng: Generator) -> Window | None:
    """A square that leaves the lesion out; None where there is no room for one."""
    assert sample.mask is not None
    rows, columns = sample.pixels.shape
    ys, xs = np.nonzero(sample.mask)
    strips = (  # x, y, width, height
        (0, 0, int(xs.min()), rows),
        (int(xs.max()) + 1, 0, columns - 1 - int(xs.max()), rows),
        (0, 0, columns, int(ys.min())),
        (0, int(ys.max()) + 1, columns, rows - 1 - int(ys.max())),
    )
    wide = [strip for strip in strips if min(strip[2:]) > ROOM]
    if not wide:
        return None
    x, y, across, down = wide[int(rng.integers(len(wide)))]
    side = min(across, down) * rng.uniform(0.75, 0.95)
    return x + side / 2 + rng.uniform(0, across - side), y + side / 2 + rng.uniform(0, down - side), side


def _window(sample: Sample, kind: Kind, rng: Generator) -> Window | None:
    if kind == "beside":
        return _beside(sample, rng)
    if kind == "near" and sample.mask is not None:
        return _moved(rng, near(sample.mask))
    rows, columns = sample.pixels.shape
    return _moved(rng, ((columns - 1) / 2, (rows - 1) / 2, float(max(rows, columns))))


def upright(window: Window, size: int) -> Floats:
    """Image pixels to those of a view of the window, 2x3."""
    x, y, side = window
    scale = size / side
    return np.array([[scale, 0, (size - 1) / 2 - scale * x], [0, scale, (size - 1) / 2 - scale * y]])


def _turned(window: Window, size: int, rng: Generator) -> Floats:
    """`upright`, turned a little, stretched, often mirrored; 3x3."""
    turn, stretch = rng.normal(0, 0.12), math.exp(rng.normal(0, 0.08))
    c, s = math.cos(turn), math.sin(turn)
    linear = np.array([[c * stretch, -s], [s, c / stretch]]) @ np.array([[1, rng.normal(0, 0.04)], [0, 1]])
    if rng.random() < 0.5:
        linear[:, 0] *= -1
    middle = np.full(2, (size - 1) / 2)
    about = np.vstack([np.column_stack([linear, middle - linear @ middle]), [0, 0, 1]])
    return np.asarray(about @ np.vstack([upright(window, size), [0, 0, 1]]))


def view(sample: Sample, kind: Kind, picture: Picture, rng: Generator) -> tuple[Image, Image] | None:
    """A random view of that kind and the lesion's coverage in it, both [height, width] in 0..1; None where there is none."""
    window = _window(sample, kind, rng)
    if window is None:
        return None
    matrix = _turned(window, picture.width, rng)
    image = augment.appearance(rng, picture.warp(sample.pixels, matrix), STRENGTH)
    if sample.mask is None:
        return image, np.zeros_like(image)
    return image, picture.warp(255 * sample.mask, matrix)
