"""The picture that a network sees, and how an image of any size comes into it: one scale both ways, at the top left, black beyond."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Image = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Picture:
    """Size, and the brightness (0 to 1) that becomes nought and one; the defaults are -1 to 1, as ImageNet's weights were learnt."""

    height: int
    width: int
    mean: float = 0.5
    deviation: float = 0.5

    def scale(self, rows: int, columns: int) -> float:
        return min(self.height / rows, self.width / columns)

    def matrix(self, rows: int, columns: int) -> Floats:
        """Pixels of the image to pixels of the picture, centres at whole numbers, 3x3; the exported graph does the same."""
        scale = self.scale(rows, columns)
        return np.array([[scale, 0, scale / 2 - 0.5], [0, scale, scale / 2 - 0.5], [0, 0, 1]])

    def warp(self, pixels: Pixels, matrix: Floats) -> Image:
        """The image moved by `matrix` (image to picture), [height, width] in 0 to 1; smoothed first where it gets smaller."""
        scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
        if scale < 0.95:
            pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.42 / scale), np.uint8)
        moved = cv2.warpAffine(pixels, matrix[:2], (self.width, self.height), flags=cv2.INTER_LINEAR)
        return np.asarray(moved, np.float32) / np.float32(255)

    def letterbox(self, pixels: Pixels) -> Image:
        """The whole image as `warp` gives it: nearly what the graph computes, and quicker."""
        return self.warp(pixels, self.matrix(*pixels.shape))

    def normalise(self, image: Image) -> Image:
        return (image - np.float32(self.mean)) / np.float32(self.deviation)
