"""Writes trained weights as the served graph, its chances calibrated on the out-of-fold answers, and checks it against torch.

`python -m services.inference.models.breast_lesion.convert --data FOLDER`
"""

import itertools
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from services.inference.models.breast_lesion import answers, dataset
from services.inference.models.breast_lesion.answers import Answer
from services.inference.models.breast_lesion.dataset import FOLDS, Sample
from services.inference.models.breast_lesion.network import ANSWERS, PICTURE, Calibration, Served
from services.inference.training import command, convert, metrics, served
from services.inference.training.command import TRAINING
from services.inference.training.export import export, halve, letterbox
from services.inference.training.segmenter import Segmenter

FOLDER = TRAINING / "breast_lesion"
OUTPUTS = ("mask", "presence", "malignancy")
COMPARED = 24
LOG = logging.getLogger(__name__)


def network(checkpoint: Path) -> Segmenter:
    """The network with its weights, rounded as the file keeps them."""
    model = Segmenter(ANSWERS)
    model.load_state_dict(torch.load(checkpoint, map_location="cpu"))
    halve(model)
    model.eval()
    return model


def out_of_fold(lesions: Sequence[Sample], others: Sequence[Sample]) -> list[Answer]:
    """Each lesion by the network that never saw its fold, and the other organs' images by each network in turn."""
    found = []
    for place, fold in enumerate(FOLDS):
        path = FOLDER / f"fold{fold}.onnx"
        export(Served(network(FOLDER / f"fold{fold}.pt"), Calibration()), path, PICTURE, OUTPUTS)
        run = served.Served(path)
        unseen = [sample for sample in lesions if sample.fold == fold]
        found += [answers.answer(run, sample, fold) for sample in (*unseen, *others[place :: len(FOLDS)])]
    return found


def calibration(found: Sequence[Answer]) -> Calibration:
    """Of malignancy on the lesions; of presence on all, which are as many with as without only by chance of the sets."""
    lesions = [one for one in found if one.lesion]
    malignancy = metrics.platt(
        np.array([a.malignant_logit for a in lesions]), np.array([float(a.malignant) for a in lesions])
    )
    presence = metrics.platt(np.array([a.presence_logit for a in found]), np.array([float(a.lesion) for a in found]))
    return Calibration(*(round(value, 4) for value in (*presence, *malignancy)))


def largest_difference(model: Served, path: Path, samples: Sequence[Sample]) -> tuple[float, float]:
    """Between torch and the graph: of the mask's mean level (0 to 1), and of the two chances."""
    run, of_mask, of_chance = served.Served(path), 0.0, 0.0
    for sample in samples:
        got = run(sample.pixels)
        with torch.no_grad():
            mask, *chances = model(letterbox(torch.from_numpy(sample.pixels)[None, :, :, None], PICTURE))
        of_mask = max(of_mask, float(np.abs(mask[0].numpy() / 255 - got["mask"] / 255).mean()))
        of_chance = max(
            of_chance, *(abs(float(a[0]) - float(got[name][0])) for a, name in zip(chances, OUTPUTS[1:], strict=True))
        )
    return of_mask, of_chance


def main() -> None:
    asked = command.converting("breast_lesion", FOLDER / "final.pt")
    fitted = calibration(answers.read())
    LOG.info(str(fitted))
    model = Served(network(asked.trained), fitted).eval()
    export(model, asked.model, PICTURE, OUTPUTS)
    samples = list(itertools.islice(dataset.lesions(asked.data), COMPARED))
    convert.keep(asked.model, max(largest_difference(model, asked.model, samples)))


if __name__ == "__main__":
    main()
