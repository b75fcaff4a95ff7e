"""What can be wrong with a picture, put into good ones by grade: gain, lost contact, motion. Shared by training and evaluation.

Pictures are float32 in 0 to 1, `inside` is True where the beam draws. Strength runs from 0 (nothing) to 1; GRADES are its quarters.
Each fault has several ways, as machines (levels after logarithmic compression) and as files (levels multiplied or bent) suffer it.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from services.inference.training.picture import Image

Mask = npt.NDArray[np.bool_]
Fault = Callable[[Generator, Image, Mask, float], Image]
FAULTS = ("gain_low", "gain_high", "contact_lost", "motion")
GRADES = (0.25, 0.5, 0.75, 1.0)
# From this strength on a fault is one that a reader should know of; what is weaker is neither good nor bad.
FAULTY = 0.45


def _clipped(image: npt.NDArray[Any]) -> Image:
    return np.asarray(np.clip(image, 0, 1), np.float32)


def _grain(rng: Generator, shape: tuple[int, ...], wide: float = 1.2) -> Image:
    fine = rng.standard_normal(shape).astype(np.float32)
    grain = cv2.GaussianBlur(fine, (0, 0), wide, sigmaY=0.7)
    return np.asarray(grain / (grain.std() + 1e-6), np.float32)


def gain_low(rng: Generator, image: Image, inside: Mask, strength: float) -> Image:
    """Levels lowered by a constant (gain before a display of 60 dB: up to 27 dB less), divided, or bent."""
    way = rng.random()
    if way < 0.4:
        return np.where(inside, _clipped(image - 0.45 * strength), image)
    if way < 0.8:
        return image * np.float32(1 - 0.85 * strength)
    return np.asarray(image ** (1 + 2 * strength) * (1 - 0.3 * strength), np.float32)


def gain_high(rng: Generator, image: Image, inside: Mask, strength: float) -> Image:
    """Levels raised by a constant (the receiver's noise comes up too), multiplied, or bent."""
    way = rng.random()
    if way < 0.45:
        noise = np.float32(0.04 + 0.06 * strength) * _grain(rng, image.shape) if rng.random() < 0.6 else 0
        return np.where(inside, _clipped(image + 0.45 * strength + noise * np.float32(strength)), image)
    if way < 0.8:
        return _clipped(image * np.float32(1 + 2.5 * strength))
    bent = _clipped(image ** (1 / (1 + 1.6 * strength)) * (1 + 0.4 * strength))
    return np.where(inside, bent, image)


def _beams(inside: Mask) -> tuple[Image, Image]:
    """Of each pixel: which beam (0 left, 1 right) and how deep (0 probe, 1 end), from the sector's outer shape."""
    rows, columns = np.nonzero(inside)
    if len(rows) == 0:
        return np.zeros(inside.shape, np.float32), np.zeros(inside.shape, np.float32)
    top, bottom = int(rows.min()), int(rows.max()) + 1
    high = max(1, (bottom - top) // 8)
    near, wide = columns[rows < top + high], columns
    left, right, near_left, near_right = wide.min(), wide.max() + 1, near.min(), near.max() + 1
    y, x = np.indices(inside.shape, dtype=np.float32)
    depth = (y - top) / max(1, bottom - top)
    # Straight lines between the upper and the widest extent, which is reached at about two thirds of the depth.
    open_ = np.clip(depth / 0.66, 0, 1.2)
    from_, to = near_left + (left - near_left) * open_, near_right + (right - near_right) * open_
    return np.asarray((x - from_) / np.maximum(to - from_, 1), np.float32), np.asarray(depth, np.float32)


def contact_lost(rng: Generator, image: Image, inside: Mask, strength: float) -> Image:
    """A part of the probe (all of it at full strength) sends into air: bands of its own echo, below them nothing or noise."""
    beam, depth = _beams(inside)
    share = 0.1 + 0.9 * strength
    if share > 0.97:
        lost = np.ones(image.shape, np.float32)
    else:
        side = rng.random()
        start = 0.0 if side < 0.4 else 1 - share if side < 0.8 else rng.uniform(0, 1 - share)
        soft = rng.uniform(0.005, 0.04)
        lost = 1 / (1 + np.exp(-np.clip(np.minimum(beam - start, start + share - beam) / soft, -30, 30)))
        if start == 0.0:
            lost = np.maximum(lost, beam < share / 2)
        if side >= 0.4 and start > 1 - share - 1e-6:
            lost = np.maximum(lost, beam > 1 - share / 2)
    air = np.zeros(image.shape, np.float32)
    if rng.random() < 0.75:
        period, fade = rng.uniform(0.015, 0.08), rng.uniform(0.03, 0.15)
        bands = np.maximum(0, np.cos(2 * math.pi * depth / period)) ** int(rng.integers(1, 8))
        air = rng.uniform(0.4, 1) * bands * np.exp(-depth / fade)
    if rng.random() < 0.5:  # amplified noise grows with depth
        air = air + np.float32(rng.uniform(0, 0.15)) * depth * np.abs(_grain(rng, image.shape))
    rest = rng.uniform(0, 0.12) * np.exp(-depth / rng.uniform(0.1, 0.5))
    changed = image * (1 - lost) + lost * (image * rest + air)
    return np.where(inside, _clipped(changed), image)


def _moved(image: Image, dx: float, dy: float) -> Image:
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.float32)


def motion(rng: Generator, image: Image, inside: Mask, strength: float) -> Image:
    """Smeared along a line, several places at once (frames averaged), or beams that no longer fit together."""
    reach = strength * 0.06 * max(image.shape)
    turn = rng.normal(0, 0.5) if rng.random() < 0.6 else rng.uniform(0, math.pi)
    dx, dy = reach * math.cos(turn), reach * math.sin(turn)
    way = rng.random()
    if way < 0.6:
        size = 2 * math.ceil(reach / 2) + 1
        kernel = np.zeros((size, size), np.float32)
        middle = np.array([size // 2, size // 2])
        half = np.array([dx, dy]) / 2
        ends = [tuple(int(v) for v in np.rint(16 * (middle + sign * half))) for sign in (-1, 1)]
        cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
        blurred = cv2.filter2D(image, -1, kernel / max(1e-6, float(kernel.sum())), borderType=cv2.BORDER_REPLICATE)
    elif way < 0.85:
        count = int(rng.integers(2, 5))
        blurred = np.mean(
            [_moved(image, dx * (n / (count - 1) - 0.5), dy * (n / (count - 1) - 0.5)) for n in range(count)], 0
        )
    else:
        steps = cv2.resize(
            rng.standard_normal((1, 24)).astype(np.float32), (image.shape[1], 1), interpolation=cv2.INTER_CUBIC
        )
        y, x = np.indices(image.shape, dtype=np.float32)
        blurred = cv2.remap(
            image, x + reach * steps / 2, y + reach * steps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        blurred = cv2.GaussianBlur(blurred, (0, 0), 0.3 + reach / 8, sigmaY=0.3)
    return np.where(inside, _clipped(blurred), image)  # long kernels go by Fourier transform and fall below nought


BY_NAME: Mapping[str, Fault] = {
    "gain_low": gain_low,
    "gain_high": gain_high,
    "contact_lost": contact_lost,
    "motion": motion,
}
