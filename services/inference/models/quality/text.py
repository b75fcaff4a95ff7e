"""From the map of text to the boxes in which it lies."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from .geometry import CELL, scale

IS_TEXT = 128  # of the map's 255
LEAST_CELLS = 5  # smaller spots are single signs or specks
LEAST_WIDE = 3
JOINED = 5  # cells from word to word of a line
MOST_BOXES = 12  # the largest; a screen's blocks are fewer


@dataclass(frozen=True, slots=True)
class Region:
    """A box in image pixels (0.0 = left or upper edge of the first), and how sure it is that text lies there, 0 to 1."""

    left: float
    top: float
    right: float
    bottom: float
    certainty: float

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        return (self.left, self.top), (self.right, self.top), (self.right, self.bottom), (self.left, self.bottom)


def regions(map_: npt.NDArray[np.uint8], rows: int, columns: int) -> list[Region]:
    """The boxes of lines and of blocks of lines, largest first."""
    likely = np.asarray(map_ >= IS_TEXT, np.uint8)
    lines = cv2.morphologyEx(likely, cv2.MORPH_CLOSE, np.ones((1, JOINED), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=4)
    boxes = []
    for n in range(1, count):
        x, y, wide, high, area = (int(v) for v in stats[n])
        if area >= LEAST_CELLS and wide >= LEAST_WIDE:
            boxes.append((x, y, x + wide, y + high))
    cell = CELL / scale(rows, columns)
    found = [_region(map_, box, cell, rows, columns) for box in blocks(boxes)]
    found.sort(key=lambda one: -(one.right - one.left) * (one.bottom - one.top))
    return found[:MOST_BOXES]


def blocks(boxes: Sequence[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Boxes joined where lines follow each other within half a line and mostly lie above each other."""
    left = list(boxes)
    done = True
    while done:
        done = False
        for n, a in enumerate(left):
            for m in range(n + 1, len(left)):
                b = left[m]
                if _follow(a, b):
                    left[n] = (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
                    del left[m]
                    done = True
                    break
            if done:
                break
    return left


def _follow(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    beside = min(a[2], b[2]) - max(a[0], b[0])
    between = max(a[1], b[1]) - min(a[3], b[3])
    return beside >= 0.5 * min(a[2] - a[0], b[2] - b[0]) and between <= 1


def _region(
    map_: npt.NDArray[np.uint8], box: tuple[int, int, int, int], cell: float, rows: int, columns: int
) -> Region:
    x0, y0, x1, y1 = box
    inside = map_[y0:y1, x0:x1]
    sure = float(inside[inside >= IS_TEXT].mean()) / 255
    return Region(x0 * cell, y0 * cell, min(columns, x1 * cell), min(rows, y1 * cell), sure)
