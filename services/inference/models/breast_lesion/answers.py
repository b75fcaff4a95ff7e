"""What a network answers on images that it never saw, one row an image: `out_of_fold.csv` keeps them, for every figure comes from them."""

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from services.inference.model import Observation
from services.inference.models.breast_lesion import outline, postprocess
from services.inference.models.breast_lesion.dataset import Sample
from services.inference.polygon import filled
from services.inference.training.served import Outputs, Served

HERE = Path(__file__).parent
OUT_OF_FOLD = HERE / "out_of_fold.csv"


@dataclass(frozen=True, slots=True)
class Answer:
    """The network's answer beside the truth; lengths in pixels of the image, nought where nothing is outlined."""

    image: str
    source: str
    subject: str
    fold: int  # of the network that answered: it saw neither the image nor its subject
    malignant: bool
    birads: int
    device: str
    extent: float  # the lesion's longest diameter as part of the image's longer side
    presence_logit: float
    malignant_logit: float
    dice: float
    longest: float
    width: float
    true_longest: float
    true_width: float

    @property
    def lesion(self) -> bool:
        return self.source == "busbra"


def logit(chance: float) -> float:
    p = min(max(chance, 1e-6), 1 - 1e-6)
    return math.log(p / (1 - p))


def seen(outputs: Outputs, rows: int, columns: int) -> Observation | None:
    """What is outlined, however unlikely a lesion is."""
    anyhow = {**outputs, "presence": np.ones(1, np.float32)}
    found = postprocess.read(anyhow, rows, columns)
    return found if isinstance(found, Observation) else None


def answer(served: Served, sample: Sample, fold: int) -> Answer:
    """Of one image, the product's own way: ONNX Runtime, the graph's own resize, postprocess.py."""
    outputs = served(sample.pixels)
    rows, columns = sample.pixels.shape
    found = seen(outputs, rows, columns)
    dice, lengths, true_lengths = 0.0, (0.0, 0.0), (0.0, 0.0)
    if sample.mask is not None:
        true_lengths = outline.diameters(outline.contour(255 * sample.mask))
    if found is not None:
        lengths = outline.diameters(np.asarray(found.contour))
        if sample.mask is not None:
            mine = filled(found.contour, rows, columns)
            dice = 2 * float((mine & sample.mask).sum()) / float(mine.sum() + sample.mask.sum())
    return Answer(
        image=sample.name,
        source=sample.source,
        subject=sample.subject,
        fold=fold,
        malignant=sample.malignant,
        birads=sample.birads,
        device=sample.device,
        extent=round(true_lengths[0] / max(rows, columns), 4),
        presence_logit=round(logit(float(outputs["presence"][0])), 4),
        malignant_logit=round(logit(float(outputs["malignancy"][0])), 4),
        dice=round(dice, 4),
        longest=round(lengths[0], 2),
        width=round(lengths[1], 2),
        true_longest=round(true_lengths[0], 2),
        true_width=round(true_lengths[1], 2),
    )


def write(answers: Sequence[Answer], path: Path = OUT_OF_FOLD) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, [field.name for field in fields(Answer)], lineterminator="\n")
        rows.writeheader()
        rows.writerows(asdict(one) for one in answers)


def read(path: Path = OUT_OF_FOLD) -> list[Answer]:
    """Raises FileNotFoundError before the first training."""
    types: dict[str, Any] = {"bool": lambda text: text == "True", "int": int, "float": float, "str": str}
    with path.open(newline="", encoding="utf-8") as file:
        return [
            Answer(
                **{
                    field.name: types[str(getattr(field.type, "__name__", field.type))](row[field.name])
                    for field in fields(Answer)
                }
            )
            for row in csv.DictReader(file)
        ]
