"""Writes trained weights as the served graph and checks that both agree within 1e-3.

`python -m services.inference.models.fetal_head.convert --data FOLDER`
"""

import itertools
from pathlib import Path

import numpy as np
import torch

from services.inference.models.fetal_head import dataset
from services.inference.models.fetal_head.augment import PICTURE
from services.inference.models.fetal_head.network import ANSWERS, Served
from services.inference.training import command, convert, served
from services.inference.training.command import TRAINING
from services.inference.training.export import export, halve, letterbox
from services.inference.training.segmenter import Segmenter

OUTPUTS = ("mask", "presence")
COMPARED = 20


def network(checkpoint: Path) -> Served:
    """The network with its weights, rounded as the file keeps them."""
    model = Segmenter(ANSWERS)
    model.load_state_dict(torch.load(checkpoint, map_location="cpu"))
    halve(model)
    whole = Served(model)
    whole.eval()
    return whole


def largest_difference(model: Served, path: Path, data: Path) -> tuple[float, float]:
    """Between torch and the graph on some pictures: of the mask's mean level (0 to 1), and of presence."""
    run, of_mask, of_presence = served.Served(path), 0.0, 0.0
    for sample in itertools.islice(dataset.heads(data), COMPARED):
        got = run(sample.pixels)
        with torch.no_grad():
            mask, presence = model(letterbox(torch.from_numpy(sample.pixels)[None, :, :, None], PICTURE))
        of_mask = max(of_mask, float(np.abs(mask[0].numpy() / 255 - got["mask"] / 255).mean()))
        of_presence = max(of_presence, abs(float(presence[0]) - float(got["presence"][0])))
    return of_mask, of_presence


def main() -> None:
    asked = command.converting("fetal_head", TRAINING / "fetal_head.pt")
    model = network(asked.trained)
    export(model, asked.model, PICTURE, OUTPUTS)
    convert.keep(asked.model, max(largest_difference(model, asked.model, asked.data)))


if __name__ == "__main__":
    main()
