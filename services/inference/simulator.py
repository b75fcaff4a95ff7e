"""Ultrasound pictures of fetal heads, drawn from a seed: a scan sector, speckle, tissue, a skull of known axes, calibration.

For demonstrations, tests and training where no recorded images exist. The skull's outer contour is a true ellipse, so the
true circumference is known; brightness follows physics coarsely (fully developed speckle has Rayleigh amplitudes: Burckhardt,
IEEE Trans Sonics Ultrason 25:1, 1978; bone is brightest where the beam meets it at a right angle, and casts shadow).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

Floats = npt.NDArray[np.float32]

# Head circumferences from 12 to 40 weeks by the formula of Hadlock et al. (Radiology 152:497, 1984).
HC_RANGE_MM = (62.0, 340.0)
SHAPES = ((400, 270), (480, 330), (640, 480), (800, 540), (800, 600), (512, 512))


@dataclass(frozen=True)
class Ellipse:
    """In pixels; the centre of the first pixel is (0, 0), y points down, angle in radians from x towards y."""

    center_x: float
    center_y: float
    semi_major: float
    semi_minor: float
    angle: float


@dataclass(frozen=True)
class SimulatedImage:
    """A grey picture with what is true of it; `ellipse` is None on a picture without a head."""

    pixels: npt.NDArray[np.uint8]  # [rows, columns]
    spacing_mm: float
    ellipse: Ellipse | None

    @property
    def bpd_mm(self) -> float:
        """Outer to outer."""
        return 2 * self.head.semi_minor * self.spacing_mm

    @property
    def ofd_mm(self) -> float:
        return 2 * self.head.semi_major * self.spacing_mm

    @property
    def hc_mm(self) -> float:
        """Perimeter of the outer contour: Ramanujan, Quart J Pure Appl Math 45:350, 1914."""
        return _perimeter(self.head.semi_major, self.head.semi_minor) * self.spacing_mm

    @property
    def head(self) -> Ellipse:
        """The skull's outer contour; raises ValueError on a picture without one."""
        if self.ellipse is None:
            raise ValueError("this picture holds no head")
        return self.ellipse


def _perimeter(a: float, b: float) -> float:
    h = ((a - b) / (a + b)) ** 2
    return math.pi * (a + b) * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))


def _smooth(rng: Generator, height: int, width: int, cell: float) -> Floats:
    """Smooth noise with zero mean and unit deviation, features about `cell` pixels large."""
    rows, columns = max(2, math.ceil(height / cell) + 2), max(2, math.ceil(width / cell) + 2)
    coarse = rng.standard_normal((rows, columns))
    y, x = np.linspace(0, rows - 1.001, height), np.linspace(0, columns - 1.001, width)
    y0, x0 = y.astype(int), x.astype(int)
    fy, fx = (y - y0)[:, None], (x - x0)[None, :]
    fy, fx = fy * fy * (3 - 2 * fy), fx * fx * (3 - 2 * fx)
    top = coarse[y0][:, x0] * (1 - fx) + coarse[y0][:, x0 + 1] * fx
    bottom = coarse[y0 + 1][:, x0] * (1 - fx) + coarse[y0 + 1][:, x0 + 1] * fx
    return np.asarray(top * (1 - fy) + bottom * fy, np.float32)


def _blurred(image: Floats, sigma_y: float, sigma_x: float) -> Floats:
    """Gaussian blur, by its transfer function."""
    fy, fx = np.fft.fftfreq(image.shape[0])[:, None], np.fft.rfftfreq(image.shape[1])[None, :]
    transfer = np.exp(-2 * np.pi**2 * ((sigma_y * fy) ** 2 + (sigma_x * fx) ** 2))
    return np.asarray(np.fft.irfft2(np.fft.rfft2(image) * transfer, s=image.shape), np.float32)


def _speckle(rng: Generator, height: int, width: int, grain: float) -> Floats:
    """Rayleigh amplitude with unit mean, wider across the beam than along it."""
    parts = [_blurred(rng.standard_normal((height, width)).astype(np.float32), 0.6 * grain, grain) for _ in range(2)]
    amplitude = np.hypot(parts[0], parts[1])
    return np.asarray(amplitude / amplitude.mean(), np.float32)


def _sector(rng: Generator, height: int, width: int) -> tuple[Floats, Floats, Floats]:
    """A convex probe's field of view (soft mask 0 to 1), with depth 0 to 1 and beam angle of each pixel."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    radius = height * rng.uniform(0.25, 0.9)
    apex_x, apex_y = width * rng.uniform(0.42, 0.58), -radius + height * rng.uniform(-0.12, 0.05)
    r, angle = np.hypot(x - apex_x, y - apex_y), np.arctan2(x - apex_x, y - apex_y)
    half, reach = rng.uniform(0.55, 1.1), height * rng.uniform(0.93, 1.25)
    inside = np.minimum((half - np.abs(angle)) * r, np.minimum(r - radius, radius + reach - r))
    if rng.random() < 0.3:  # zoomed in: the field of view fills the picture
        inside = np.full_like(inside, 9.0)
    return np.clip(inside, 0, 1), np.clip((r - radius) / reach, 0, 1), angle


def _place(rng: Generator, height: int, width: int, whole: bool) -> Ellipse:
    ratio = float(np.clip(rng.normal(0.78, 0.055), 0.62, 0.95))  # cephalic index; normal range 0.70 to 0.86
    semi_major = float(rng.uniform(0.14, 0.49)) * min(width, height / 0.75)
    angle = float(rng.normal(0, 0.25) if rng.random() < 0.7 else rng.uniform(-math.pi / 2, math.pi / 2))
    semi_minor = ratio * semi_major
    reach_x = math.hypot(semi_major * math.cos(angle), semi_minor * math.sin(angle))
    reach_y = math.hypot(semi_major * math.sin(angle), semi_minor * math.cos(angle))
    fit = min(1.0, 0.47 * width / reach_x, 0.47 * height / reach_y) if whole else 1.0
    reach_x, reach_y, semi_major, semi_minor = (fit * v for v in (reach_x, reach_y, semi_major, semi_minor))
    free_x, free_y = max(0.0, width / 2 - reach_x - 4), max(0.0, height / 2 - reach_y - 4)
    center_x = width / 2 + float(rng.uniform(-0.8, 0.8)) * free_x
    center_y = height / 2 + float(rng.uniform(-0.8, 0.8)) * free_y
    return Ellipse(center_x, center_y, semi_major, semi_minor, angle)


def _tissue(rng: Generator, height: int, width: int) -> Floats:
    """Reflectivity of what lies round a head: layers, fluid, placenta."""
    size = min(height, width)
    field = 0.34 + 0.16 * _smooth(rng, height, width, size / 3) + 0.07 * _smooth(rng, height, width, size / 12)
    fluid = _smooth(rng, height, width, size / 2.5) > rng.uniform(0.4, 1.6)
    bright = np.clip(_smooth(rng, height, width, size / 5) - 1.0, 0, 1) * rng.uniform(0.2, 0.6)
    return np.asarray(np.where(fluid, 0.03, np.maximum(field, 0.05) + bright), np.float32)


def _add_head(rng: Generator, scene: Floats, head: Ellipse, beam: Floats) -> Floats:
    """Skull, brain, midline and what the bone shadows, on a scene of reflectivities."""
    height, width = scene.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    c, s = math.cos(head.angle), math.sin(head.angle)
    u = ((x - head.center_x) * c + (y - head.center_y) * s) / head.semi_major
    v = (-(x - head.center_x) * s + (y - head.center_y) * c) / head.semi_minor
    r = np.hypot(u, v)
    normal_x, normal_y = (
        u / head.semi_major * c - v / head.semi_minor * s,
        u / head.semi_major * s + v / head.semi_minor * c,
    )
    slope = np.hypot(normal_x, normal_y) / np.maximum(r, 1e-3)
    outside_px = (r - 1) / np.maximum(slope, 1e-6)  # distance from the outer contour, positive outside
    facing = np.abs(normal_x * np.sin(beam) + normal_y * np.cos(beam)) / np.maximum(np.hypot(normal_x, normal_y), 1e-9)
    thickness = max(1.5, head.semi_minor * float(rng.uniform(0.04, 0.10)))
    weakest = float(rng.uniform(0.1, 0.5))
    echo = (weakest + (1 - weakest) * facing ** float(rng.uniform(1, 3))) * np.clip(
        1 + 0.25 * _smooth(rng, height, width, 25), 0.2, 1.6
    )
    brain = (
        0.10
        + 0.05 * _smooth(rng, height, width, head.semi_minor / 2.5)
        + 0.05 * _smooth(rng, height, width, head.semi_minor / 7)
    )
    plexus = ((u - rng.uniform(-0.4, 0.4)) / 0.2) ** 2 + ((v - rng.choice([-1, 1]) * rng.uniform(0.3, 0.5)) / 0.16) ** 2
    midline = (
        np.exp(-((v * head.semi_minor / 1.8) ** 2))
        * (np.abs(u) < 0.75)
        * np.clip(0.6 + 0.7 * _smooth(rng, height, width, 18), 0, 1.2)
    )
    brain = np.maximum(brain, 0.03) + 0.3 * np.exp(-(plexus**2)) * rng.random() + midline * rng.uniform(0.1, 0.7)
    inside = np.clip(0.5 - outside_px, 0, 1)
    scene = scene * (1 - inside) + brain * inside * float(rng.uniform(0.6, 1.6))
    if rng.random() < 0.6:  # a rim of fluid round the head
        rim = np.exp(-((outside_px / (head.semi_minor * rng.uniform(0.08, 0.3))) ** 2)) * (outside_px > 0)
        scene = scene * (1 - 0.85 * rim)
    bone = np.clip(0.5 - outside_px, 0, 1) * np.clip((outside_px + thickness) / (0.5 * thickness) + 0.5, 0, 1)
    scene = np.maximum(scene, bone * echo * float(rng.uniform(0.7, 1.3)))
    # Bone takes up sound: columns that cross it at a grazing angle are darker below, and so is everything beyond the head.
    across = (-(x - head.center_x) * c - 0 * y) / head.semi_major
    shadow = np.exp(-(((np.abs(across) - 0.93) / 0.1) ** 2)) * (y > head.center_y)
    return np.asarray(scene * (1 - float(rng.uniform(0, 0.7)) * shadow), np.float32)


def _overlay(rng: Generator, picture: Floats) -> Floats:
    """What scanners print on a picture: a grey bar, a ruler, blocked-out name fields."""
    height, width = picture.shape
    if rng.random() < 0.6:
        top, bottom = int(0.04 * height), int(rng.uniform(0.2, 0.45) * height)
        picture[top:bottom, 2 : 2 + max(2, width // 80)] = np.linspace(1, 0, bottom - top, dtype=np.float32)[:, None]
    if rng.random() < 0.4:
        picture[:: max(8, height // 12), -max(3, width // 60) :] = 0.8
    for _ in range(int(rng.integers(0, 3))):
        y, x = (0 if rng.random() < 0.5 else int(0.88 * height)), int(rng.uniform(0.6, 0.95) * width)
        picture[y : y + int(0.12 * height), x:] = 0
    return picture


def draw(
    seed: int,
    *,
    head: bool = True,
    shape: tuple[int, int] | None = None,
    hc_mm: float | None = None,
    whole: bool = True,
) -> SimulatedImage:
    """The picture of a seed. `shape` (columns, rows) and `hc_mm` are drawn where not given; `whole` keeps the head inside."""
    rng = np.random.default_rng((0x5EED, seed))
    width, height = shape or SHAPES[int(rng.integers(len(SHAPES)))]
    view, depth, beam = _sector(rng, height, width)
    scene = _tissue(rng, height, width)
    ellipse = _place(rng, height, width, whole)
    size_mm = hc_mm if hc_mm is not None else float(rng.uniform(*HC_RANGE_MM))
    spacing_mm = size_mm / _perimeter(ellipse.semi_major, ellipse.semi_minor)
    if head:
        scene = _add_head(rng, scene, ellipse, beam)
    grain = float(rng.uniform(0.7, 2.2)) * height / 400
    blur = float(rng.uniform(0.4, 1.1)) * height / 400
    echo = _blurred(scene * (0.35 + 0.65 * _speckle(rng, height, width, grain)), 0.7 * blur, blur)
    gain = 1 + float(rng.uniform(-0.6, 0.3)) * depth + 0.15 * _smooth(rng, height, width, height / 2)
    echo = np.maximum(echo, 0) * np.clip(gain, 0.1, 2) * view
    dynamic_range_db = float(rng.uniform(45, 65))
    level = 1 + 20 * np.log10(np.maximum(echo, 1e-5)) / dynamic_range_db  # log compression
    picture = np.clip(level, 0, 1) ** float(rng.uniform(1.8, 4.5)) * float(rng.uniform(0.8, 1.2)) * view
    picture = _overlay(rng, np.asarray(picture, np.float32))
    pixels = np.clip(np.rint(255 * picture), 0, 255).astype(np.uint8)
    return SimulatedImage(pixels, spacing_mm, ellipse if head else None)
