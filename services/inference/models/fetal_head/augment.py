"""Random views of a sample as the network sees it: any orientation, size, gain, grain and shadow; whole, or the head near by."""

import numpy as np
from numpy.random import Generator

from services.inference.models.fetal_head.dataset import Sample, coverage
from services.inference.training.augment import Move, appearance, move
from services.inference.training.picture import Floats, Image, Picture

PICTURE = Picture(192, 288)
CONTEXT = 1.25  # side of the near view: so many times the head's longer extent
NEAR = 0.4  # of the views of outlined heads
# A head lies in any direction; some of hc18 are cut by the image's edge, so views may be too.
NEARLY_AS_IT_IS = Move(turn=0.2, size=0.12, shift=0.05)
ANY_WAY = Move(turn=0.2, any_turn=0.4, size=0.18, upset=0.4)


def near(quadric: Floats) -> Floats:
    """Pixels of the image to those of the near view, 3x3."""
    spread = np.linalg.inv(quadric[:2, :2])
    middle = -spread @ quadric[:2, 2]
    scale = PICTURE.height / (CONTEXT * 2 * float(np.sqrt(spread.diagonal().max())))
    shift = np.array([PICTURE.width - 1, PICTURE.height - 1]) / 2 - scale * middle
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1]])


def view(sample: Sample, rng: Generator) -> tuple[Image, Image]:
    """A random view and the head's coverage in it (zeros without an outline), both as the picture, in 0..1."""
    by = NEARLY_AS_IT_IS if rng.random() < 0.6 else ANY_WAY
    rows, columns = sample.pixels.shape
    if sample.quadric is not None and rng.random() < NEAR:
        matrix = np.asarray(move(rng, PICTURE, PICTURE.height, PICTURE.width, by) @ near(sample.quadric))
    else:
        matrix = move(rng, PICTURE, rows, columns, by)
    image = appearance(rng, PICTURE.warp(sample.pixels, matrix), strength=0.7)
    if sample.quadric is None:
        return image, np.zeros_like(image)
    back = np.linalg.inv(matrix)
    return image, coverage(back.T @ sample.quadric @ back, PICTURE.width, PICTURE.height)
