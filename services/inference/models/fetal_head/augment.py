"""Random views of a sample as the network sees it: any orientation, size, gain, grain and shadow."""

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from services.inference.models.fetal_head.dataset import Floats, Pixels, Sample, coverage
from services.inference.training.picture import Picture

HEIGHT, WIDTH = 192, 288  # the network's picture
MEAN, DEVIATION = 0.15, 0.2  # of the pictures' brightness, roughly; part of the exported graph
PICTURE = Picture(HEIGHT, WIDTH, MEAN, DEVIATION)
Image = npt.NDArray[np.float32]


def _letterbox(rows: int, columns: int) -> Floats:
    """Image pixels to network pixels, as the exported graph does it: same scale both ways, at the top left."""
    scale = min(HEIGHT / rows, WIDTH / columns)
    return np.array([[scale, 0, scale / 2 - 0.5], [0, scale, scale / 2 - 0.5], [0, 0, 1]])


def _move(rng: Generator, gentle: bool) -> Floats:
    """A random affine map about the middle of the network's picture."""
    quarter = 0.0 if gentle or rng.random() < 0.75 else rng.choice([0.5, 1.0, 1.5]) * math.pi
    turn = quarter + (rng.normal(0, 0.2) if rng.random() < 0.8 else rng.uniform(-math.pi, math.pi))
    size = math.exp(rng.normal(-0.04, 0.16))
    stretch = math.exp(rng.normal(0, 0.05))
    c, s = size * math.cos(turn), size * math.sin(turn)
    linear = np.array([[c * stretch, -s], [s, c / stretch]]) @ np.array([[1, rng.normal(0, 0.04)], [0, 1]])
    if rng.random() < 0.5:
        linear[:, 0] *= -1
    if rng.random() < 0.25:
        linear[:, 1] *= -1
    middle = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    shift = middle - linear @ middle + rng.normal(0, 0.06, 2) * (WIDTH, HEIGHT)
    return np.vstack([np.column_stack([linear, shift]), [0, 0, 1]])


def _smooth(rng: Generator, cells: int) -> Image:
    coarse = rng.standard_normal((cells, cells + cells // 2)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.float32)


def _brightness(rng: Generator, image: npt.NDArray[Any]) -> Image:
    """Another machine's hand: gain, contrast curve, depth gain, grain, blur, shadow, print on the picture."""
    if rng.random() < 0.8:
        image = image ** math.exp(rng.normal(0, 0.3)) * math.exp(rng.normal(0, 0.25))
    if rng.random() < 0.3:
        image = image * np.exp(0.3 * _smooth(rng, int(rng.integers(2, 5))))
    if rng.random() < 0.3:
        grain = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32), (0, 0), rng.uniform(0.4, 1.2))
        image = image * (1 + rng.uniform(0.05, 0.4) * grain / grain.std())
    if rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.2))
    if rng.random() < 0.15:
        image = image + rng.uniform(0, 0.1)
    if rng.random() < 0.2:  # a shadow along the beam
        at, wide = rng.uniform(0, WIDTH), rng.uniform(4, 40)
        columns = np.arange(WIDTH)[None, :] + rng.normal(0, 0.3) * (np.arange(HEIGHT)[:, None] - HEIGHT / 2)
        image = image * (1 - rng.uniform(0.2, 0.9) * np.exp(-(((columns - at) / wide) ** 2)))
    if rng.random() < 0.2:  # a field blacked out, as hc18's corner
        y, x = int(rng.integers(HEIGHT)), int(rng.integers(WIDTH))
        image[y : y + int(rng.integers(8, 48)), x : x + int(rng.integers(8, 72))] = 0
    if rng.random() < 0.1:
        text = "".join(chr(int(c)) for c in rng.integers(48, 90, 8))
        at_px = (int(rng.integers(WIDTH)), int(rng.integers(HEIGHT)))
        print_ = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.putText(print_, text, at_px, cv2.FONT_HERSHEY_SIMPLEX, rng.uniform(0.2, 0.5), int(rng.integers(128, 256)))
        image = np.maximum(image, print_ / np.float32(255))
    return np.asarray(np.clip(image, 0, 1), np.float32)


def view(sample: Sample, rng: Generator) -> tuple[Image, Image]:
    """A random view and the head's coverage in it (zeros without an outline), both [HEIGHT, WIDTH] in 0..1."""
    pixels: Pixels = sample.pixels
    rows, columns = pixels.shape
    matrix = _move(rng, gentle=rng.random() < 0.5) @ _letterbox(rows, columns)
    scale = math.sqrt(abs(np.linalg.det(matrix[:2, :2])))
    if scale < 0.95:  # smooth first what is made smaller, as the graph's resize does
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.42 / scale), np.uint8)
    moved = cv2.warpAffine(pixels, matrix[:2], (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    image = _brightness(rng, np.asarray(moved, np.float32) / np.float32(255))
    if sample.quadric is None:
        return image, np.zeros((HEIGHT, WIDTH), np.float32)
    back = np.linalg.inv(matrix)
    return image, coverage(back.T @ sample.quadric @ back, WIDTH, HEIGHT)
