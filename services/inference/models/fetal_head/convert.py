"""Writes trained weights as the served graph and checks that both agree within 1e-3.

`python -m services.inference.models.fetal_head.convert --checkpoint FILE --data FOLDER`
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from services.inference.models.fetal_head import dataset
from services.inference.models.fetal_head.augment import PICTURE
from services.inference.training.export import export, halve, letterbox
from services.inference.training.served import Served
from services.inference.training.unet import UNet

HERE = Path(__file__).parent
PROJECT = HERE.parents[3]
COMPARED = 20
AGREEMENT = 1e-3


def network(checkpoint: Path) -> UNet:
    """The network with its weights."""
    model = UNet()
    model.eval()
    model.load_state_dict(torch.load(checkpoint, map_location="cpu"))
    halve(model)
    return model


class Answers(nn.Module):  # type: ignore[misc]  # the platform's own environment has no torch
    """What is served: the mask in 255 levels, and how likely a head is there."""

    def __init__(self, network: UNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        logits, score = self.network(picture)
        return (255 * logits.sigmoid()).round().to(torch.uint8), score.sigmoid()[:, None]


def largest_difference(checkpoint: Path, model: Path, data: Path) -> tuple[float, float]:
    """Between torch and the graph on some pictures: of the mask beyond its 8-bit rounding (0 to 1), and of presence."""
    torch_model, served = network(checkpoint), Served(model)
    mask, presence = 0.0, 0.0
    for sample in list(dataset.heads(data))[:COMPARED]:
        out = served(sample.pixels)
        picture = letterbox(torch.from_numpy(sample.pixels)[None, :, :, None], PICTURE)
        with torch.no_grad():
            logits, score = torch_model(picture)
        rounding = 0.5
        levels = np.abs(255 * logits[0].sigmoid().numpy() - out["mask"].astype(np.float64)).max() - rounding
        mask = max(mask, float(levels) / 255)
        presence = max(presence, abs(float(score[0].sigmoid()) - float(out["presence"][0])))
    return mask, presence


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=PROJECT / ".local" / "training" / "fetal_head.pt")
    parser.add_argument("--data", type=Path, required=True, help="the folder with the data sets that the card names")
    parser.add_argument("--model", type=Path, default=HERE / "1" / "model.onnx")
    asked = parser.parse_args()
    asked.model.parent.mkdir(exist_ok=True)
    export(Answers(network(asked.checkpoint)), asked.model, PICTURE, ("mask", "presence"))
    mask, presence = largest_difference(asked.checkpoint, asked.model, asked.data)
    print(f"largest difference from torch: mask {mask:.6f}, presence {presence:.6f}")
    if max(mask, presence) > AGREEMENT:
        asked.model.unlink()
        sys.exit(f"the graph does not agree with torch within {AGREEMENT}: it was not kept")
    print(f"{asked.model}: {asked.model.stat().st_size} bytes")


if __name__ == "__main__":
    main()
