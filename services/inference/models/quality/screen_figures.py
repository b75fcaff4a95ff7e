"""What the model says of whole screens: the real DICOM files of other hospitals."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from services.inference import codes
from services.inference.model import ClipObservation, Evaluation
from services.inference.models.quality import dataset, postprocess
from services.inference.models.quality.dataset import Source
from services.inference.models.quality.text_figures import COVERED, real_text
from services.inference.training import foreign
from services.inference.training.figures import Table
from services.inference.training.served import Outputs, Served


def quality_of(outputs: Outputs) -> float:
    """Image quality in percent."""
    return 100 * float(1 - np.asarray(outputs["strength"], np.float64).max())


def screens(data: Path) -> list[Source]:
    """First frames of the real DICOM files whose text is known."""
    samples = [s for s in foreign.real_ultrasound(data) if ("dicom", s.name) in dataset.text_boxes()]
    return dataset.sources(samples)


def said(found: Sequence[ClipObservation]) -> str:
    """The faults that were found, for a table."""
    answers: Iterator[Evaluation] = (e for one in found for e in one.observation.evaluations)
    names = {e.answer.meaning for e in answers if e.question == codes.QUALITY_FINDING and e.answer}
    return ", ".join(sorted(names - {codes.BURNED_IN_TEXT.meaning}))


def of_screens(run: Served, sources: Sequence[Source]) -> Table:
    """File by file: lines found, regions on text, quality, faults."""
    rows: list[Sequence[str | float | int]] = []
    for source, read in zip(sources, real_text(run, sources), strict=True):
        pixels = source.sample.pixels
        outputs = run(pixels)
        found = postprocess.read_clip({1: outputs}, *pixels.shape)
        lines = sum(share >= COVERED for share in read.lines)
        right = sum(share >= COVERED for share in read.regions)
        rows.append(
            [
                source.sample.name,
                f"{lines} of {len(read.lines)}",
                f"{right} of {len(read.regions)}",
                round(quality_of(outputs)),
                said(found),
            ]
        )
    columns = ("file", "lines found", "regions on text", "image quality, %", "faults found")
    return Table("Real DICOM files of other hospitals", columns, rows)
