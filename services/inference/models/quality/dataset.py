"""Good pictures and what is done to them: where the beam draws, which text they bring, and random faults and prints with their truth."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from services.inference import sector
from services.inference.models.quality import faults, overlay
from services.inference.models.quality.faults import FAULTS, FAULTY, Mask
from services.inference.models.quality.geometry import COLUMNS, MAP, ROWS
from services.inference.training import augment, foreign, images
from services.inference.training.augment import Move
from services.inference.training.images import Sample
from services.inference.training.picture import Floats, Image, Picture, Pixels

HERE = Path(__file__).parent
PICTURE = Picture(ROWS, COLUMNS)
Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels
UNKNOWN = -1.0
LONGEST = 640
# Sets whose pictures bring text; those of the others that were looked through bring none.
WITH_TEXT = ("busbra", "fetal_planes")
READABLE = 0.4  # strength of a fault of the whole file up to which its text can surely be read
SURE = 0.6  # of the reader's certainty, for a box to count as text


@dataclass(frozen=True)
class Source:
    """A picture with its sector's outline and the text that it brings: boxes, or None where nobody looked."""

    sample: Sample
    outline: npt.NDArray[np.float32]  # [corners, 2] as (column, row)
    text: tuple[Box, ...] | None
    unclear: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Example:
    """A picture of PICTURE's size in 0 to 1; chance and strength of each fault; text on MAP's cells, UNKNOWN where it is unclear."""

    image: Image
    faulty: npt.NDArray[np.float32]
    strength: npt.NDArray[np.float32]
    text: Image


def text_boxes(path: Path = HERE / "text_boxes.csv") -> Mapping[tuple[str, str], list[tuple[Box, float, int]]]:
    """By set and picture: boxes, how sure the reader was, and how many letters it read."""
    found: dict[tuple[str, str], list[tuple[Box, float, int]]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            boxes = found.setdefault((row["set"], row["image"]), [])
            if row["left"]:
                box = (float(row["left"]), float(row["top"]), float(row["right"]), float(row["bottom"]))
                boxes.append((box, float(row["certainty"]), int(row["letters"])))
    return found


def sources(samples: Sequence[Sample]) -> list[Source]:
    """The samples with what is known of them."""
    known, done = text_boxes(), []
    for sample in samples:
        found = sector.find(sample.pixels[None])
        corners = found.outline or (
            (found.left, found.top),
            (found.right, found.top),
            (found.right, found.bottom),
            (found.left, found.bottom),
        )
        boxes = known.get((sample.source, sample.name))
        text: tuple[Box, ...] | None = None
        unclear: tuple[Box, ...] = ()
        if boxes is not None:
            text = tuple(box for box, sure, letters in boxes if sure >= SURE and letters > 1)
            unclear = tuple(box for box, sure, letters in boxes if sure < SURE or letters <= 1)
        elif sample.source not in WITH_TEXT:
            text = ()
        done.append(Source(sample, np.array(corners, np.float32), text, unclear))
    return done


def read(data: Path) -> list[Source]:
    """Every picture of every set, none longer than LONGEST."""
    small = []
    for sample in images.read(data):
        scale = LONGEST / max(sample.pixels.shape)
        pixels = sample.pixels
        if scale < 1:
            pixels = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        small.append(replace(sample, pixels=pixels))
    return sources(small)


def drawn(count: int, first_seed: int) -> list[Source]:
    """Pictures that are no ultrasound: text is found on them too, of faults nothing is said."""
    return sources(list(foreign.drawn(count, first_seed)))


def _placed(rng: Generator, rows: int, columns: int, *, mirror: bool) -> Floats:
    """The image anywhere on a screen, or filling the picture."""
    if rng.random() < 0.45:
        scale = PICTURE.scale(rows, columns) * rng.uniform(0.5, 0.98)
        room = np.array([PICTURE.width - scale * columns, PICTURE.height - scale * rows])
        shift = np.maximum(0, room) * (rng.uniform(0.1, 0.9, 2) if rng.random() < 0.7 else rng.uniform(0, 1, 2))
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1]])
    else:
        by = Move(turn=0.05, size=0.12, stretch=0.05, shear=0.02, shift=0.03, mirror=0.0)
        matrix = augment.move(rng, PICTURE, rows, columns, by)
    if mirror:
        matrix = matrix @ np.array([[-1, 0, columns - 1], [0, 1, 0], [0, 0, 1]])
    return matrix


def _inside(outline: npt.NDArray[np.float32], matrix: Floats) -> Mask:
    corners = cv2.perspectiveTransform(outline[None].astype(np.float64), matrix)[0]
    mask = np.zeros((PICTURE.height, PICTURE.width), np.uint8)
    cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 255)
    return mask > 0


def _harmless(rng: Generator, image: Image, inside: Mask) -> Image:
    """What good pictures differ in: machine, frequency, a shadow that begins below the skin."""
    if rng.random() < 0.25:
        image = augment.coarse(rng, image)
    if rng.random() < 0.15:
        image = augment.sharp(rng, image)
    if rng.random() < 0.3:
        image = augment.time_gain(rng, image, 0.5)
    if rng.random() < 0.2:
        image = augment.speckle(rng, image, 0.5)
    if rng.random() < 0.4:
        image = augment.gain(rng, image, 0.3)
    if rng.random() < 0.2:
        rows, columns = image.shape
        y, x = np.indices(image.shape, dtype=np.float32)
        begins, at, wide = rng.uniform(0.2, 0.7) * rows, rng.uniform(0, columns), rng.uniform(0.02, 0.15) * columns
        lane = np.exp(-(((x + np.float32(rng.normal(0, 0.3)) * (y - begins) - at) / wide) ** 2))
        image = image * (1 - rng.uniform(0.3, 0.95) * lane / (1 + np.exp((begins - y) / 6)))
    return np.where(inside, np.clip(image, 0, 1), 0).astype(np.float32)


def _strengths(rng: Generator) -> npt.NDArray[np.float32]:
    """Of each fault; a third of the pictures have none, gain is low or high, not both."""
    strength = np.zeros(len(FAULTS), np.float32)
    if rng.random() < 0.35:
        return strength
    for name in rng.choice(FAULTS, 1 if rng.random() < 0.75 else 2, replace=False):
        strength[FAULTS.index(str(name))] = rng.uniform(0.05, 1)
    if strength[0] and strength[1]:
        strength[int(rng.integers(2))] = 0
    return strength


def _suffered(rng: Generator, image: Image, inside: Mask, strength: npt.NDArray[np.float32]) -> Image:
    for name in ("contact_lost", "motion", "gain_low", "gain_high"):
        if amount := float(strength[FAULTS.index(name)]):
            image = faults.BY_NAME[name](rng, image, inside, amount)
    return image


def example(rng: Generator, source: Source) -> Example:
    """A random view of the picture with random faults and prints."""
    sample = source.sample
    is_scan = sample.source != "drawn"
    mirror = rng.random() < 0.5
    matrix = _placed(rng, *sample.pixels.shape, mirror=mirror)
    image = PICTURE.warp(sample.pixels, matrix)
    inside = _inside(source.outline, matrix)
    strength = _strengths(rng) if is_scan else np.zeros(len(FAULTS), np.float32)
    # Files are also made brighter or smeared as a whole, whatever is printed on them.
    afterwards = rng.random() < 0.25 and not strength[FAULTS.index("contact_lost")]
    brings = source.text is None or bool(source.text) or bool(source.unclear)
    if is_scan:
        image = _harmless(rng, image, inside | (image > 0 if brings else inside))
        if not afterwards:
            image = _suffered(rng, image, inside, strength)
    image = _background(rng, image, inside, brings)
    sheet = overlay.Sheet(image)
    _own_text(sheet, source, matrix, mirrored=mirror)
    overlay.printed(rng, sheet, text=rng.random() < 0.6)
    if afterwards and is_scan:
        sheet.image = _suffered(rng, sheet.image, np.ones(image.shape, bool), strength)
        if strength.max() > READABLE:
            sheet.unclear |= sheet.text
            sheet.text[:] = 0
    image = sheet.image
    if rng.random() < 0.25:
        image = augment.compressed(rng, np.clip(image, 0, 1))
    faulty = np.where(strength >= FAULTY, 1, np.where(strength == 0, 0, UNKNOWN)).astype(np.float32)
    if not is_scan:
        faulty[:], strength = UNKNOWN, np.full_like(strength, UNKNOWN)
    return Example(np.clip(image, 0, 1).astype(np.float32), faulty, strength, cells(sheet))


def _background(rng: Generator, image: Image, inside: Mask, brings: bool) -> Image:
    """Most screens are black round the sector, some grey or white."""
    if brings or rng.random() > 0.15:
        return image
    level = rng.uniform(0.02, 0.3) if rng.random() < 0.7 else rng.uniform(0.3, 1)
    return np.where(inside, image, np.float32(level)).astype(np.float32)


def _own_text(sheet: overlay.Sheet, source: Source, matrix: Floats, *, mirrored: bool) -> None:
    def moved(box: Box) -> Box:
        corners = np.array([[box[:2], box[2:]]], np.float64)
        (x0, y0), (x1, y1) = cv2.perspectiveTransform(corners, matrix)[0]
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)

    if source.text is None:
        rows, columns = source.sample.pixels.shape
        overlay.boxes_drawn(sheet, [moved((0, 0, columns, rows))], clear=False)
        return
    overlay.boxes_drawn(sheet, [moved(box) for box in source.text], clear=not mirrored)
    overlay.boxes_drawn(sheet, [moved(box) for box in source.unclear], clear=False)


def harmed(source: Source, fault: str, strength: float, seed: int) -> Pixels:
    """The picture in its own size with one fault of this strength; always the same for the same seed."""
    pixels = source.sample.pixels
    inside = np.zeros(pixels.shape, np.uint8)
    cv2.fillPoly(inside, [np.rint(source.outline).astype(np.int32)], 255)
    image = pixels.astype(np.float32) / np.float32(255)
    worse = faults.BY_NAME[fault](np.random.default_rng(seed), image, inside > 0, strength)
    return np.asarray(np.rint(255 * np.clip(worse, 0, 1)), np.uint8)


def printed(source: Source, seed: int) -> tuple[Pixels, Image]:
    """The picture in the network's size with text and furniture on it, and the share of each cell that is text."""
    rng = np.random.default_rng(seed)
    matrix = _placed(rng, *source.sample.pixels.shape, mirror=False)
    sheet = overlay.Sheet(PICTURE.warp(source.sample.pixels, matrix))
    _own_text(sheet, source, matrix, mirrored=False)
    overlay.printed(rng, sheet, text=True)
    return np.asarray(np.rint(255 * np.clip(sheet.image, 0, 1)), np.uint8), cells(sheet)


def cells(sheet: overlay.Sheet) -> Image:
    """The share of each cell that is text; UNKNOWN where it is unclear and no text was printed on purpose."""
    size = MAP[::-1]
    text = cv2.resize(sheet.text.astype(np.float32) / 255, size, interpolation=cv2.INTER_AREA)
    unclear = cv2.resize(sheet.unclear, size, interpolation=cv2.INTER_AREA) > 20
    return np.where(unclear & (text < 0.3), UNKNOWN, text).astype(np.float32)
