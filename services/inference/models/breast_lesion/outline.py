"""From the network's mask to a lesion's contour, and from a contour to its two diameters."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_POINTS = 96
MOST_PARTS = 5  # the largest are looked at
LEAST_PX = 20  # of the mask: what is smaller is no lesion but a speck


def lesion(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Of the parts above one half the one with the surest pixel, of equally sure ones the largest; filled, as 0 and 1; empty: none."""
    parts, _ = cv2.findContours((mask >= 128).view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    large = sorted(parts, key=cv2.contourArea)[-MOST_PARTS:]
    filled = [np.asarray(cv2.drawContours(np.zeros_like(mask), [part], -1, 1, cv2.FILLED), np.uint8) for part in large]
    filled = [part for part in filled if int(part.sum()) >= LEAST_PX]
    return max(filled, key=lambda part: (int((part * mask).max()), int(part.sum())), default=np.zeros_like(mask))


def contour(mask: NDArray[np.uint8]) -> Floats:
    """Where the lesion's part falls below one half, to a fraction of a pixel; [n, 2] as (x, y) in mask pixels, 0 = centre of the first."""
    part = lesion(mask)
    if not part.any():
        return np.empty((0, 2))
    # Levels outside the part count as nought; enlarging fourfold places the half level between the pixels.
    left, top, across, down = cv2.boundingRect(part)
    x0, y0 = max(0, left - 2), max(0, top - 2)
    window = (slice(y0, top + down + 2), slice(x0, left + across + 2))
    level = np.where(cv2.dilate(part, np.ones((3, 3), np.uint8)) > 0, mask, 0)[window].astype(np.float32)
    fine = cv2.resize(np.pad(level, 1), None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR)
    edges, _ = cv2.findContours((fine >= 127.5).view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    edge = max(edges, key=cv2.contourArea)[:, 0, :].astype(np.float64)
    places = (np.arange(MOST_POINTS) * len(edge) / MOST_POINTS).astype(int)
    thinned = edge[np.unique(places)]
    return np.asarray((thinned + 0.5) / 4 - 1.5 + (x0, y0))


def diameters(points: Floats) -> tuple[float, float]:
    """The longest distance between two points of a contour, and its greatest width perpendicular to that."""
    hull = cv2.convexHull(points.astype(np.float32))[:, 0, :].astype(np.float64)
    apart = hull[:, None] - hull[None]
    lengths = np.hypot(apart[..., 0], apart[..., 1])
    i, j = np.unravel_index(int(np.argmax(lengths)), lengths.shape)
    longest = float(lengths[i, j])
    if longest == 0:
        return 0.0, 0.0
    along = apart[i, j] / longest
    beside = hull @ np.array([-along[1], along[0]])
    return longest, float(beside.max() - beside.min())
