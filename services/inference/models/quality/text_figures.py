"""How much of the text on a picture is found, and how much that is none."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from services.inference.model import ClipObservation
from services.inference.models.quality import dataset, postprocess
from services.inference.models.quality.dataset import Box, Source
from services.inference.training import measure
from services.inference.training.figures import Figure, Table
from services.inference.training.metrics import Floats
from services.inference.training.picture import Pixels
from services.inference.training.served import Served

COVERED = 0.5  # of a box, from which on it counts as found, or as an alarm


def text_found(found: Sequence[ClipObservation]) -> list[Box]:
    """The boxes among what postprocess.py says."""
    boxes = []
    for one in found:
        contour = one.observation.contour
        if contour:
            boxes.append((contour[0][0], contour[0][1], contour[2][0], contour[2][1]))
    return boxes


def read_text(run: Served, pixels: Pixels) -> list[Box]:
    return text_found(postprocess.read_clip({1: run(pixels)}, *pixels.shape))


def covered(boxes: Sequence[Box], by: Sequence[Box], shape: tuple[int, ...], grown: float = 0.0) -> list[float]:
    """Of each box the share that lies in the others, these grown by a part of their height."""
    mask = np.zeros(shape, np.uint8)
    for left, top, right, bottom in by:
        more = grown * (bottom - top)
        mask[
            max(0, int(top - more)) : int(np.ceil(bottom + more)), max(0, int(left - more)) : int(np.ceil(right + more))
        ] = 1
    shares = []
    for left, top, right, bottom in boxes:
        inside = mask[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))]
        shares.append(float(inside.mean()) if inside.size else 1.0)
    return shares


@dataclass(frozen=True)
class TextRead:
    """One picture's text: shares of its lines that were found, and of the regions found, those that lie on text."""

    subject: str
    lines: Sequence[float]
    regions: Sequence[float]


def real_text(run: Served, sources: Sequence[Source]) -> list[TextRead]:
    """On pictures whose own text is known."""
    reads = []
    for source in sources:
        if source.text is None:
            continue
        found, shape = read_text(run, source.sample.pixels), source.sample.pixels.shape
        on = covered(found, [*source.text, *source.unclear], shape, grown=1.0)
        reads.append(TextRead(source.sample.subject, covered(source.text, found, shape), on))
    return reads


def drawn_text(run: Served, sources: Sequence[Source]) -> list[TextRead]:
    """On pictures with text and furniture drawn: connected cells of text are its lines."""
    reads = []
    for seed, source in enumerate(sources):
        if source.text is None:
            continue
        pixels, cells = dataset.printed(source, 7000 + seed)
        found = read_text(run, pixels)
        lines, anything = _boxes(cells > 0.5), _boxes((cells > 0.05) | (cells < 0))
        reads.append(
            TextRead(
                source.sample.subject,
                covered(lines, found, pixels.shape),
                covered(found, anything, pixels.shape, grown=1.0),
            )
        )
    return reads


def _boxes(cells: npt.NDArray[np.bool_]) -> list[Box]:
    count, _, stats, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8), connectivity=4)
    boxes = [tuple(4.0 * v for v in (x, y, x + w, y + h)) for x, y, w, h, area in stats[1:count].tolist() if area >= 4]
    return [(a, b, c, d) for a, b, c, d in boxes]


def lines_found(name: str, reads: Sequence[TextRead], note: str = "") -> Figure:
    """Share of lines of which at least COVERED lies in a region."""
    values = np.array([float(share >= COVERED) for r in reads for share in r.lines])
    return measure.figure(name, mean, values, [r.subject for r in reads for _ in r.lines], note=note)


def regions_right(name: str, reads: Sequence[TextRead]) -> Figure:
    """Share of regions of which at least COVERED lies on text."""
    values = np.array([float(share >= COVERED) for r in reads for share in r.regions])
    return measure.figure(name, mean, values, [r.subject for r in reads for _ in r.regions])


def mean(values: Floats) -> float:
    return float(values.mean())


def without_text(run: Served, sources: Sequence[Source]) -> tuple[Floats, list[str], Table]:
    """Regions found where no text is, by set."""
    chosen = [s for s in sources if s.text is not None and not s.text and not s.unclear]
    counts = np.array([len(read_text(run, s.sample.pixels)) for s in chosen], np.float64)
    names = [s.sample.source for s in chosen]
    rows: list[Sequence[str | float | int]] = [
        [name, names.count(name), int(sum(c > 0 for c, n in zip(counts, names, strict=True) if n == name))]
        for name in sorted(set(names))
    ]
    table = Table("Text found where there is none", ("set", "images", "with a false region"), rows)
    return (counts > 0).astype(np.float64), [s.sample.subject for s in chosen], table
