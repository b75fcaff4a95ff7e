"""Random views of an image as another machine, hand and patient would give it, after the physics of ultrasound.

`move` gives a random placement, `another_frame` other borders (before placement), `appearance` another brightness (after it).
Every step is a function of its own, with its own chance, so that a model can leave out what would change its answer.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from services.inference.training.picture import Floats, Image, Picture, Pixels


@dataclass(frozen=True)
class Move:
    """How far a view may be from the image: standard deviations, but for the chances."""

    turn: float = 0.15  # radians
    any_turn: float = 0.0  # chance of any angle at all
    size: float = 0.15  # of the logarithm of the scale: depth and zoom
    stretch: float = 0.05
    shear: float = 0.04
    shift: float = 0.06  # of the picture
    mirror: float = 0.5  # chance, left to right
    upset: float = 0.0  # chance, top to bottom


def move(rng: Generator, picture: Picture, rows: int, columns: int, by: Move) -> Floats:
    """A random affine map from the image to the picture, about the middle of where the image lies in it; 3x3."""
    turn = rng.uniform(-math.pi, math.pi) if rng.random() < by.any_turn else rng.normal(0, by.turn)
    size, stretch = math.exp(rng.normal(0, by.size)), math.exp(rng.normal(0, by.stretch))
    c, s = size * math.cos(turn), size * math.sin(turn)
    linear = np.array([[c * stretch, -s], [s, c / stretch]]) @ np.array([[1, rng.normal(0, by.shear)], [0, 1]])
    if rng.random() < by.mirror:
        linear[:, 0] *= -1
    if rng.random() < by.upset:
        linear[:, 1] *= -1
    scale = picture.scale(rows, columns)
    middle = np.array([columns * scale - 1, rows * scale - 1]) / 2
    shift = middle - linear @ middle + rng.normal(0, by.shift, 2) * (picture.width, picture.height)
    return np.vstack([np.column_stack([linear, shift]), [0, 0, 1]]) @ picture.matrix(rows, columns)


def fan(rng: Generator, rows: int, columns: int) -> Pixels:
    """A random sector's mask, 255 inside: a curved probe's fan or a straight probe's trapezium."""
    mask = np.zeros((rows, columns), np.uint8)
    half, top = rng.uniform(0.35, 0.9), rng.uniform(-0.1, 0.12) * rows
    if rng.random() < 0.6:
        radius = rng.uniform(0.05, 0.6) * rows
        apex = (columns / 2 + rng.normal(0, 0.04) * columns, top - radius * math.cos(half))
        angles = np.linspace(-half, half, 24)
        far = radius + rows * rng.uniform(0.85, 1.1)
        near = np.column_stack([apex[0] + radius * np.sin(angles), apex[1] + radius * np.cos(angles)])
        ends = np.column_stack([apex[0] + far * np.sin(angles), apex[1] + far * np.cos(angles)])[::-1]
        corners = np.vstack([near, ends])
    else:
        inset = rng.uniform(0, 0.25) * columns
        bottom = rows * rng.uniform(0.85, 1.05)
        corners = np.array([[inset, top], [columns - inset, top], [columns, bottom], [0, bottom]])
    cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 255)
    return mask


def bend(rng: Generator, pixels: Pixels) -> Pixels:
    """As another probe's lines would lie: a straight probe's bent into a fan, or a curved one's laid side by side."""
    rows, columns = pixels.shape
    radius = rng.uniform(0.15, 1.2) * rows  # of the curved probe, whose middle is so far above the picture
    y, x = np.indices((rows, columns), dtype=np.float32)
    across = x - (columns - 1) / 2
    if rng.random() < 0.5:
        half = columns / 2 / (radius + rng.uniform(0.4, 1.0) * rows)
        from_x, from_y = np.arctan2(across, y + radius) * (columns / 2 / half), np.hypot(across, y + radius) - radius
    else:
        half = math.asin(min(0.95, columns / 2 / (radius + rows)))
        turn = across * (half / (columns / 2))
        from_x, from_y = (radius + y) * np.sin(turn), (radius + y) * np.cos(turn) - radius
    middle = (columns - 1) / 2
    moved = cv2.remap(pixels, (from_x + middle).astype(np.float32), from_y.astype(np.float32), cv2.INTER_LINEAR)
    return np.asarray(moved, np.uint8)


def another_frame(rng: Generator, pixels: Pixels, shape: float = 0.35, crop: float = 0.5) -> Pixels:
    """Other borders: with chance `crop` a part of the image, with chance `shape` cut to another probe's sector; sometimes a black rim."""
    rows, columns = pixels.shape
    if rng.random() < crop and min(rows, columns) > 32:
        keep = rng.uniform(0.65, 1.0, 2)
        height, width = max(16, int(rows * keep[0])), max(16, int(columns * keep[1]))
        y, x = int(rng.integers(rows - height + 1)), int(rng.integers(columns - width + 1))
        pixels = pixels[y : y + height, x : x + width]
    if rng.random() < shape:
        pixels = np.asarray(cv2.bitwise_and(pixels, fan(rng, *pixels.shape)), np.uint8)
    if rng.random() < 0.2:
        above, below, left, right = (int(part) for part in rng.uniform(0, 0.12, 4) * np.repeat(pixels.shape, 2))
        pixels = np.asarray(
            cv2.copyMakeBorder(pixels, above, below, left, right, cv2.BORDER_CONSTANT, value=0), np.uint8
        )
    return pixels


def _smooth(rng: Generator, shape: tuple[int, ...], cells: int) -> Image:
    coarse = rng.standard_normal((cells, cells + cells // 2)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def gain(rng: Generator, image: Image, strength: float = 1.0) -> Image:
    """Overall gain and the grey curve of the display."""
    curve, level = math.exp(rng.normal(0, 0.3 * strength)), math.exp(rng.normal(0, 0.25 * strength))
    return np.asarray(np.maximum(image, 0) ** curve * level, np.float32)  # what was sharpened falls below nought


def time_gain(rng: Generator, image: Image, strength: float = 1.0) -> Image:
    """Gain by depth (the sliders of time-gain compensation), and a little across."""
    rows = image.shape[0]
    sliders = rng.normal(0, 0.3 * strength, int(rng.integers(3, 9))).astype(np.float32)[:, None]
    by_depth = np.exp(cv2.resize(sliders, (1, rows), interpolation=cv2.INTER_CUBIC).reshape(-1, 1))
    return np.asarray(image * by_depth * np.exp(0.15 * _smooth(rng, image.shape, 3)), np.float32)


def speckle(rng: Generator, image: Image, strength: float = 1.0) -> Image:
    """Multiplicative grain, correlated as a beam's point spread."""
    grain = rng.standard_normal(image.shape).astype(np.float32)
    spread = cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.5, 1.6), sigmaY=rng.uniform(0.4, 1.0))
    return np.asarray(image * (1 + rng.uniform(0.05, 0.4) * strength * spread / spread.std()), np.float32)


def shadow(rng: Generator, image: Image) -> Image:
    """Darker along the beam, behind gas, bone or lost contact."""
    rows, columns = image.shape
    at, wide = rng.uniform(0, columns), rng.uniform(0.015, 0.14) * columns
    along = np.arange(columns, dtype=np.float32)[None, :] + np.float32(rng.normal(0, 0.3)) * (
        np.arange(rows, dtype=np.float32)[:, None] - rows / 2
    )
    return np.asarray(image * (1 - rng.uniform(0.2, 0.9) * np.exp(-(((along - at) / wide) ** 2))), np.float32)


def coarse(rng: Generator, image: Image) -> Image:
    """Blurred, or through a smaller size: another frequency, another machine's resolution."""
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.3)), np.float32)
    rows, columns = image.shape
    less = rng.uniform(0.35, 0.9)
    small = cv2.resize(image, (int(columns * less), int(rows * less)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)


def sharp(rng: Generator, image: Image) -> Image:
    """Edges enhanced, as many machines do."""
    soft = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 2.0))
    return np.asarray(image + rng.uniform(0.2, 1.0) * (image - soft), np.float32)


def patch(rng: Generator, image: Image) -> Image:
    """A field blacked out, as by anonymisers."""
    rows, columns = image.shape
    y, x = int(rng.integers(rows)), int(rng.integers(columns))
    image = image.copy()
    image[y : y + int(rng.uniform(0.04, 0.25) * rows), x : x + int(rng.uniform(0.04, 0.3) * columns)] = 0
    return image


def print_on(rng: Generator, image: Image) -> Image:
    """Text, a caliper's crosses with their dotted line, or a ruler, burned in."""
    rows, columns = image.shape
    ink = np.zeros(image.shape, np.uint8)
    grey = int(rng.integers(140, 256))
    for _ in range(int(rng.integers(1, 4))):
        x, y = int(rng.integers(columns)), int(rng.integers(rows))
        kind = rng.random()
        if kind < 0.6:
            text = "".join(chr(int(c)) for c in rng.integers(48, 91, int(rng.integers(2, 16))))
            cv2.putText(ink, text, (x - 12, y), int(rng.integers(0, 4)), rng.uniform(0.2, 0.6), grey)
        elif kind < 0.85:
            to = (int(rng.integers(columns)), int(rng.integers(rows)))
            for place in ((x, y), to):
                cv2.drawMarker(ink, place, grey, cv2.MARKER_CROSS, int(rng.integers(4, 9)))
            for part in np.linspace(0, 1, 24):
                cv2.circle(ink, (int(x + part * (to[0] - x)), int(y + part * (to[1] - y))), 0, grey)
        else:
            for tick in range(0, rows, int(rng.integers(5, 20))):
                cv2.line(ink, (x, tick), (x + int(rng.integers(1, 5)), tick), grey)
    return np.maximum(image, ink / np.float32(255))


def compressed(rng: Generator, image: Image) -> Image:
    """Through JPEG."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 90))]
    _, stream = cv2.imencode(".jpg", np.clip(image * 255, 0, 255).astype(np.uint8), quality)
    return np.asarray(cv2.imdecode(stream, cv2.IMREAD_GRAYSCALE), np.float32) / np.float32(255)


def appearance(rng: Generator, image: Image, strength: float = 1.0) -> Image:
    """The picture [h, w] in 0 to 1 from another machine: each step with its own chance, scaled by `strength`."""

    def happens(chance: float) -> bool:
        return bool(rng.random() < chance * strength)

    if happens(0.3):
        image = coarse(rng, image)
    if happens(0.15):
        image = sharp(rng, image)
    if happens(0.8):
        image = gain(rng, image, strength)
    if happens(0.35):
        image = time_gain(rng, image, strength)
    if happens(0.3):
        image = speckle(rng, image, strength)
    if happens(0.2):
        image = shadow(rng, image)
    if happens(0.12):
        image = image + np.float32(rng.uniform(0, 0.1))
    if happens(0.15):
        image = patch(rng, image)
    if happens(0.3):
        image = print_on(rng, image)
    if happens(0.2):
        image = compressed(rng, image)
    return np.asarray(np.clip(image, 0, 1), np.float32)
