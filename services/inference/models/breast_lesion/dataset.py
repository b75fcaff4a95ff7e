"""Breast lesions of BUS-BRA by its official folds, and images without a lesion, as the service brings them to the model.

Coordinates follow OpenCV: the centre of the first pixel is (0, 0); the y axis points down.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.inference.training import images
from services.inference.training.picture import Pixels

FOLDS = (2, 3, 4, 5)  # of the official five; the first is kept aside
BIRADS = (2, 3, 4, 5)
OTHERS = ("hc18", "fetal_planes", "liver", "lung", "muscle")


@dataclass(frozen=True)
class Sample:
    """One image. Without a lesion there is no outline, nature or assessment."""

    name: str
    source: str
    subject: str
    pixels: Pixels
    mask: Pixels | None = None  # 1 within the lesion
    malignant: bool = False
    birads: int = 0
    device: str = ""
    fold: int = 0


def lesions(data: Path) -> Iterator[Sample]:
    """Each image with its one outlined lesion; a patient's images lie in one fold."""
    for image in images.busbra(data):
        assert image.mask is not None  # every image of the set has one
        yield Sample(
            image.name,
            image.source,
            image.subject,
            image.pixels,
            (images.grey(image.mask) > 127).astype(np.uint8),
            image.label == "malignant",
            int(image.facts["birads"]),
            image.facts["device"],
            int(image.facts["fold"]),
        )


def without_lesion(data: Path, *, training: bool) -> Iterator[Sample]:
    """Other organs, parted by subject: those that training may see, and those on which false alarms are counted."""
    chosen = [image for image in images.read(data, OTHERS) if (image.part == "train") == training]
    for image in images.boxed(chosen):
        yield Sample(image.name, image.source, image.subject, image.pixels)
