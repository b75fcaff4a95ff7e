"""Harm done to images by degrees, the same for every model's table of robustness; grey uint8 in and out."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from services.inference.training.picture import Pixels


def _gain(times: float) -> Callable[[Pixels], Pixels]:
    def harm(pixels: Pixels) -> Pixels:
        return np.asarray(cv2.convertScaleAbs(pixels, alpha=times), np.uint8)

    return harm


def _speckle(strength: float) -> Callable[[Pixels], Pixels]:
    def harm(pixels: Pixels) -> Pixels:
        grain = np.random.default_rng(0).standard_normal(pixels.shape).astype(np.float32)
        spread = cv2.GaussianBlur(grain, (0, 0), 1.0)
        return np.asarray(np.clip(pixels * (1 + strength * spread / spread.std()), 0, 255), np.uint8)

    return harm


def _crop(keep: float) -> Callable[[Pixels], Pixels]:
    def harm(pixels: Pixels) -> Pixels:
        rows, columns = pixels.shape
        y, x = int(rows * (1 - keep) / 2), int(columns * (1 - keep) / 2)
        return pixels[y : rows - y, x : columns - x]

    return harm


def _coarse(by: int) -> Callable[[Pixels], Pixels]:
    def harm(pixels: Pixels) -> Pixels:
        rows, columns = pixels.shape
        small = cv2.resize(pixels, (max(8, columns // by), max(8, rows // by)), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR), np.uint8)

    return harm


def _jpeg(quality: int) -> Callable[[Pixels], Pixels]:
    def harm(pixels: Pixels) -> Pixels:
        _, stream = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(stream, cv2.IMREAD_GRAYSCALE), np.uint8)

    return harm


def same_borders(pixels: Pixels) -> Pixels:
    """Cut to one ellipse, whatever the set: its own borders tell nothing any more."""
    rows, columns = pixels.shape
    mask = np.zeros(pixels.shape, np.uint8)
    cv2.ellipse(mask, (columns // 2, rows // 2), (int(columns * 0.44), int(rows * 0.44)), 0, 0, 360, 255, -1)
    return np.asarray(cv2.bitwise_and(pixels, mask), np.uint8)


def without_print(pixels: Pixels) -> Pixels:
    """Thin bright strokes (text, calipers) painted over from round them."""
    strokes = cv2.morphologyEx(pixels, cv2.MORPH_TOPHAT, np.ones((7, 7), np.uint8))
    ink = ((strokes > 90) & (pixels > 190)).astype(np.uint8)
    return np.asarray(cv2.inpaint(pixels, cv2.dilate(ink, np.ones((3, 3), np.uint8)), 3, cv2.INPAINT_TELEA), np.uint8)


def with_print(pixels: Pixels) -> Pixels:
    """The same words on every picture."""
    printed = pixels.copy()
    size = pixels.shape[1] / 400
    cv2.putText(printed, "LEFT 12.4 mm", (pixels.shape[1] // 8, pixels.shape[0] * 3 // 4), 0, size, 255, 1)
    cv2.putText(printed, "GENERAL HOSPITAL", (4, int(30 * size)), 0, size, 220, 1)
    return printed


def square(pixels: Pixels) -> Pixels:
    """All of one shape: what a set's proportions say is gone."""
    side = max(pixels.shape)
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


DEGRADATIONS: Mapping[str, Callable[[Pixels], Pixels]] = {
    "as it is": lambda pixels: pixels,
    "gain x 0.5": _gain(0.5),
    "gain x 0.3": _gain(0.3),
    "gain x 1.6": _gain(1.6),
    "gain x 2.2": _gain(2.2),
    "speckle 0.3": _speckle(0.3),
    "speckle 0.6": _speckle(0.6),
    "crop to 80 %": _crop(0.8),
    "crop to 65 %": _crop(0.65),
    "resolution / 2": _coarse(2),
    "resolution / 4": _coarse(4),
    "JPEG quality 40": _jpeg(40),
    "JPEG quality 15": _jpeg(15),
    "borders cut to one ellipse": same_borders,
    "print removed": without_print,
    "print added": with_print,
    "stretched to a square": square,
}
