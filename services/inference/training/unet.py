"""A compact U-Net with an image-level output: Ronneberger et al., MICCAI 2015 (arXiv 1505.04597)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (24, 48, 96, 128, 160)


def _block(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(True)]
    return nn.Sequential(*layers)


class UNet(nn.Module):  # type: ignore[misc]  # the platform's own environment has no torch
    """Grey image [n, 1, h, w] (h, w multiples of 32) to mask logits [n, h, w] and presence logits [n].

    The first layer works on 2x2 blocks of pixels and the last one gives 2x2 blocks back: a quarter of the arithmetic,
    with the full resolution at the contour.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        ins = (4, *widths[:-1])
        self.down = nn.ModuleList(_block(i, o) for i, o in zip(ins, widths, strict=True))
        self.up = nn.ModuleList(_block(widths[k] + widths[k + 1], widths[k]) for k in reversed(range(len(widths) - 1)))
        self.mask = nn.Conv2d(widths[0], 4, 1)
        self.presence = nn.Sequential(nn.Dropout(0.2), nn.Linear(2 * widths[-1], 1))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        x = functional.pixel_unshuffle(image, 2)
        skips: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(functional.max_pool2d(x, 2) if level else x)
            skips.append(x)
        pooled = torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)
        for block, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = block(torch.cat([x, skip], 1))
        return functional.pixel_shuffle(self.mask(x), 2)[:, 0], self.presence(pooled)[:, 0]
