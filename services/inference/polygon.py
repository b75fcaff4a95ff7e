"""An outline as pixels: what the platform writes, and what evaluations measure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def filled(contour: Sequence[tuple[float, float]], rows: int, columns: int) -> NDArray[np.uint8]:
    """[rows, columns], 1 where a pixel's centre lies within the polygon (even-odd); no pixel is won by a line's width."""
    mask = np.zeros((rows, columns), np.uint8)
    begin = np.asarray(contour, np.float64)
    end = np.roll(begin, -1, axis=0)
    centres = np.arange(columns) + 0.5
    for row in range(max(0, int(begin[:, 1].min())), min(rows, int(begin[:, 1].max()) + 1)):
        crossed = (begin[:, 1] <= row + 0.5) != (end[:, 1] <= row + 0.5)
        (x0, y0), (x1, y1) = begin[crossed].T, end[crossed].T
        crossings = np.sort(x0 + (row + 0.5 - y0) / (y1 - y0) * (x1 - x0))
        mask[row] = np.searchsorted(crossings, centres) % 2
    return mask
