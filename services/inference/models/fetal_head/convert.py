"""Writes trained weights as the served graph and checks that both agree within 1e-3.

`python -m services.inference.models.fetal_head.convert --checkpoint FILE --data FOLDER`
"""

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np
import torch

from services.inference.models.fetal_head import dataset
from services.inference.models.fetal_head.augment import PICTURE
from services.inference.models.fetal_head.network import ANSWERS, Served
from services.inference.training import measure, served
from services.inference.training.command import TRAINING
from services.inference.training.export import export, halve, letterbox
from services.inference.training.segmenter import Segmenter

HERE = Path(__file__).parent
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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=TRAINING / "fetal_head.pt")
    parser.add_argument("--data", type=Path, required=True, help="the folder with the data sets that the card names")
    parser.add_argument("--model", type=Path, default=HERE / "1" / "model.onnx")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.model.parent.mkdir(exist_ok=True)
    model = network(asked.checkpoint)
    export(model, asked.model, PICTURE, OUTPUTS)
    mask, presence = largest_difference(model, asked.model, asked.data)
    print(f"largest difference from torch: mask {mask:.6f}, presence {presence:.6f}")
    if max(mask, presence) > served.AGREEMENT:
        asked.model.unlink()
        sys.exit(f"the graph does not agree with torch within {served.AGREEMENT}: it was not kept")
    measure.note_conversion(asked.model, max(mask, presence))
    print(f"{asked.model}: {asked.model.stat().st_size} bytes")


if __name__ == "__main__":
    main()
