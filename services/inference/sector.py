"""The sector: the part of a frame that the beam drew. Everything round it (text, rulers, logos, grey bars) is of the machine.

A model whose card says `geometry: sector` sees frames cut to the sector's box, black outside the sector, in service and in training.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

SMALL = 160  # the longer side of the picture in which the sector is sought
DARK = 6  # of 255: brighter is echo, darker is background, noise of compression included
MOST_FRAMES = 8  # of a clip, spread evenly: the sector does not move
THIN = 7  # of SMALL's pixels: text, rulers and bars are thinner, the sector is thicker
LEAST_PART = 0.06  # of the picture; what is smaller is no sector
PART_OF_LARGEST = 0.2  # what is echo-free can part the sector: pieces of so much of the largest belong to it


@dataclass(frozen=True, slots=True)
class Sector:
    """Its box in pixels of the frame (bottom and right exclusive) and its convex outline as (column, row), empty for the whole box."""

    top: int
    left: int
    bottom: int
    right: int
    outline: tuple[tuple[int, int], ...] = ()


def spread(frames: int) -> list[int]:
    """The indices (from 0) of the frames of a clip that are looked at."""
    return [int(index) for index in np.unique(np.linspace(0, frames - 1, min(frames, MOST_FRAMES)).astype(int))]


def find(frames: Grey) -> Sector:
    """The sector of a clip [n, rows, columns] (n = 1: of an image); the whole frame where there is none to tell from its surroundings."""
    n, rows, columns = frames.shape
    whole = Sector(0, 0, rows, columns)
    if n == 0 or min(rows, columns) < 16:
        return whole
    scale = min(1.0, SMALL / max(rows, columns))
    size = (max(8, round(columns * scale)), max(8, round(rows * scale)))
    small = np.zeros((size[1], size[0]), np.uint8)
    for index in spread(n):
        np.maximum(small, cv2.resize(frames[index], size, interpolation=cv2.INTER_AREA), out=small)
    bright = (cv2.blur(small, (3, 3)) > DARK).astype(np.uint8)
    # What touches the border goes on beyond it: thin means thin within the picture.
    padded = cv2.copyMakeBorder(bright, THIN, THIN, THIN, THIN, cv2.BORDER_REPLICATE)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (THIN, THIN))
    thick = cv2.morphologyEx(padded, cv2.MORPH_OPEN, kernel)[THIN:-THIN, THIN:-THIN]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(thick), connectivity=4)
    if count < 2:
        return whole
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    if stats[largest, cv2.CC_STAT_AREA] < LEAST_PART * thick.size:
        return whole
    areas = stats[:, cv2.CC_STAT_AREA]
    parts = [part for part in range(1, count) if areas[part] >= PART_OF_LARGEST * areas[largest]]
    points = cv2.findNonZero(np.isin(labels, parts).astype(np.uint8))
    hull = cv2.convexHull(points)[:, 0, :].astype(np.float64)
    corner = hull > hull.mean(0)  # a pixel's far edge right and below, its near one left and above
    to_frame = np.array([columns / size[0], rows / size[1]])
    outline = np.clip(np.rint((hull + corner) * to_frame), 0, (columns, rows)).astype(int)
    left, top = (int(value) for value in outline.min(0))
    right, bottom = (int(value) for value in outline.max(0))
    return Sector(top, left, bottom, right, tuple((int(x), int(y)) for x, y in outline))


def cut(frames: Grey, sector: Sector) -> Grey:
    """The frames cut to the sector's box, black outside its outline; a copy, contiguous."""
    cut_frames = np.ascontiguousarray(frames[:, sector.top : sector.bottom, sector.left : sector.right])
    if sector.outline:
        inside = np.zeros(cut_frames.shape[1:], np.uint8)
        points = np.asarray(sector.outline, np.int32) - (sector.left, sector.top)
        cv2.fillConvexPoly(inside, points.astype(np.int32), 255)
        if cut_frames.base is not None or cut_frames is frames:
            cut_frames = cut_frames.copy()
        for frame in cut_frames:
            np.bitwise_and(frame, inside, out=frame)
    return cut_frames
