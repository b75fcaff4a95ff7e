"""From the network's mask to an ellipse: outermost contour of the largest part, below a pixel, by robust least squares."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RAYS = 180
HALF = 127.5  # of the mask's levels
EDGE_PX = 1.5  # of the mask: a contour this near to the picture's edge may be the edge's, not the head's
FLAT = 1e-6  # of their size: points nearer than this to one line are on it, whatever rounding says
TUKEY = 4.685  # gives 95% efficiency on normal errors: Beaton and Tukey, Technometrics 16:147, 1974


@dataclass(frozen=True, slots=True)
class Ellipse:
    """Centre and semi-axes in the unit of its points; angle of the major axis in radians, from x towards y."""

    center_x: float
    center_y: float
    semi_major: float
    semi_minor: float
    angle: float

    @property
    def perimeter(self) -> float:
        """Second approximation of S. Ramanujan, Modular equations and approximations to pi, Quart J Pure Appl Math 45:350, 1914."""
        a, b = self.semi_major, self.semi_minor
        h = ((a - b) / (a + b)) ** 2
        return math.pi * (a + b) * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))

    def points(self, count: int) -> Floats:
        """That many points round the ellipse, [count, 2] as (x, y)."""
        turn = np.linspace(0, 2 * math.pi, count, endpoint=False)
        along, across = self.semi_major * np.cos(turn), self.semi_minor * np.sin(turn)
        c, s = math.cos(self.angle), math.sin(self.angle)
        return np.column_stack([self.center_x + c * along - s * across, self.center_y + s * along + c * across])

    def radius(self, points: Floats) -> Floats:
        """1 on the ellipse, less inside; of points [n, 2]."""
        dx, dy = points[:, 0] - self.center_x, points[:, 1] - self.center_y
        c, s = math.cos(self.angle), math.sin(self.angle)
        return np.hypot((c * dx + s * dy) / self.semi_major, (c * dy - s * dx) / self.semi_minor)


def fit(points: Floats, weights: Floats | None = None) -> Ellipse | None:
    """Direct least squares, always an ellipse: Halir and Flusser, WSCG 1998; None where the points determine none."""
    middle = points.mean(0)
    size = float(np.abs(points - middle).max())
    if len(points) < 6 or size <= 0:
        return None
    x, y = ((points - middle) / size).T
    w = np.ones(len(x)) if weights is None else weights
    quadratic = np.column_stack([x * x, x * y, y * y])
    linear = np.column_stack([x, y, np.ones_like(x)])
    if np.linalg.matrix_rank(linear * np.sqrt(w)[:, None], tol=FLAT * math.sqrt(len(x))) < 3:
        return None
    s1, s2, s3 = (
        (left.T * w) @ right for left, right in ((quadratic, quadratic), (quadratic, linear), (linear, linear))
    )
    try:
        back = -np.linalg.solve(s3, s2.T)
    except np.linalg.LinAlgError:
        return None
    reduced = s1 + s2 @ back
    values, vectors = np.linalg.eig(np.array([reduced[2] / 2, -reduced[1], reduced[0] / 2]))
    vectors = vectors.real
    kinds = 4 * vectors[0] * vectors[2] - vectors[1] ** 2
    if not np.isfinite(values).all() or not (kinds > 0).any():
        return None
    best = vectors[:, int(np.argmax(kinds))]
    return _from_conic(np.concatenate([best, back @ best]), middle, size)


def _from_conic(conic: Floats, middle: Floats, size: float) -> Ellipse | None:
    a, b, c, d, e, f = conic
    matrix = np.array([[a, b / 2], [b / 2, c]])
    center = np.linalg.solve(2 * matrix, [-d, -e])
    level = float(center @ matrix @ center - f)
    values, vectors = np.linalg.eigh(matrix)
    lengths = level / values
    if not (lengths > 0).all():
        return None
    axes = np.sqrt(lengths)
    major, minor = int(np.argmax(axes)), int(np.argmin(axes))
    if major == minor:
        minor = 1 - major
    angle = math.atan2(vectors[1, major], vectors[0, major])
    angle -= math.pi * round(angle / math.pi)  # an axis has no direction
    cx, cy = middle + size * center
    return Ellipse(float(cx), float(cy), float(size * axes[major]), float(size * axes[minor]), angle)


def robust_fit(points: Floats, rounds: int = 1) -> Ellipse | None:
    """`fit`, repeated with less weight for points that lie off (Tukey's biweight on their distance)."""
    ellipse = fit(points)
    for _ in range(rounds):
        if ellipse is None:
            return None
        off = (ellipse.radius(points) - 1) * math.sqrt(ellipse.semi_major * ellipse.semi_minor)
        spread = max(1.4826 * float(np.median(np.abs(off))), 0.1)
        weights = np.clip(1 - (off / (TUKEY * spread)) ** 2, 0, None) ** 2
        ellipse = fit(points, weights)
    return ellipse


def contour(mask: npt.NDArray[np.uint8], width: float, height: float) -> Floats:
    """Where the largest part of the mask falls below one half, one point per ray from its centre; [n, 2] in mask pixels.

    `width` and `height` are those of the picture within the mask; points at its edge are left out.
    """
    parts, _ = cv2.findContours((mask >= 128).view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(parts, key=cv2.contourArea, default=None)
    if largest is None or (moments := cv2.moments(largest))["m00"] == 0:
        return np.empty((0, 2))
    filled = cv2.drawContours(np.zeros_like(mask), [largest], -1, 1, cv2.FILLED)
    level = (mask * cv2.dilate(filled, np.ones((3, 3), np.uint8))).astype(np.float32)
    cx, cy = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    left, top, across, down = cv2.boundingRect(largest)
    # No ray is followed farther than two pixels beyond the part's box: nothing is there.
    farthest = math.hypot(max(cx - left, left + across - cx), max(cy - top, top + down - cy)) + 2
    turn = np.linspace(0, 2 * math.pi, RAYS, endpoint=False)[:, None]
    steps = np.arange(0, farthest, 0.5)[None, :]
    x, y = cx + np.cos(turn) * steps, cy + np.sin(turn) * steps
    # Beyond the mask the edge goes on, so that a head that is cut there has no contour along the edge.
    along = cv2.remap(
        level, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    last = along.shape[1] - 1 - np.argmax(along[:, ::-1] >= HALF, axis=1)
    rays = np.flatnonzero((along.max(1) >= HALF) & (last < along.shape[1] - 1))
    inner, outer = along[rays, last[rays]], along[rays, last[rays] + 1]
    reach = steps[0, last[rays]] + 0.5 * (inner - HALF) / np.maximum(inner - outer, 1e-4)
    points = np.column_stack([cx + np.cos(turn[rays, 0]) * reach, cy + np.sin(turn[rays, 0]) * reach])
    px, py = points.T
    whole = (px > EDGE_PX) & (py > EDGE_PX) & (px < width - 1 - EDGE_PX) & (py < height - 1 - EDGE_PX)
    return np.asarray(points[whole])
