"""An outline and answers about it from one encoder: Lite0 with a light decoder after Ronneberger et al., MICCAI 2015 (arXiv 1505.04597)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from services.inference.training.backbone import FEATURES, SCALES, Lite0

WIDTHS = (24, 32, 48, 96)  # of the decoder's maps at 1/2, 1/4, 1/8 and 1/16 of the picture


def _convolved(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Segmenter(nn.Module):  # type: ignore[misc]  # the platform's own environment has no torch
    """Grey pictures [n, 1, h, w] (h, w multiples of 32, values -1 to 1) to mask logits [n, h, w] and one vector for each answer.

    The answers see the picture's features twice: averaged over all of it, and over what the mask holds.
    """

    def __init__(self, answers: Mapping[str, int]) -> None:
        super().__init__()
        self.encoder = Lite0()
        ins = (*WIDTHS[1:], SCALES[4])
        self.up = nn.ModuleList(
            _convolved(skip + below, width) for skip, below, width in zip(SCALES[:4], ins, WIDTHS, strict=True)
        )
        self.mask = nn.Conv2d(WIDTHS[0], 4, 1)
        self.answers = nn.ModuleDict({name: nn.Linear(2 * FEATURES, size) for name, size in answers.items()})
        self.dropout = nn.Dropout(0.3)

    def forward(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        maps = self.encoder(image)
        x = maps[-1]
        for block, skip in zip(reversed(self.up), reversed(maps[:-1]), strict=True):
            x = block(torch.cat([functional.interpolate(x, scale_factor=2.0, mode="nearest"), skip], 1))
        logits = functional.pixel_shuffle(self.mask(x), 2)
        deep = self.encoder.last(maps[-1])
        inside = functional.avg_pool2d(logits.detach().float().sigmoid(), 32).to(deep.dtype)
        held = (deep * inside).sum((2, 3)) / (inside.sum((2, 3)) + 0.01)
        seen = self.dropout(torch.cat([deep.mean((2, 3)), held], 1))
        return logits[:, 0], {name: head(seen) for name, head in self.answers.items()}
