"""The quality network: small at every scale, for it sees every frame. Answers for the whole picture and a map of text."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from services.inference.models.quality.dataset import PICTURE
from services.inference.models.quality.faults import FAULTS
from services.inference.models.quality.geometry import PATTERN

WIDTHS = (16, 48, 80, 128)  # at 1/4, 1/8, 1/16, 1/32


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class _Residual(nn.Module):  # type: ignore[misc]  # the platform's own environment has no torch
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.conv(x))


class Quality(nn.Module):  # type: ignore[misc]
    """Pictures [n, 1, 384, 512] to logits of faults [n, 4] and of their strength [n, 4], and of text [n, 96, 128]."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = WIDTHS
        self.down = nn.ModuleList(
            (
                nn.Sequential(nn.Conv2d(1, 16, 4, 4), _conv(16, a), _Residual(a)),
                nn.Sequential(_conv(a, b, 2), _Residual(b)),
                nn.Sequential(_conv(b, c, 2), _Residual(c), _Residual(c)),
                nn.Sequential(_conv(c, d, 2), _Residual(d), _Residual(d)),
            )
        )
        self.lateral = nn.ModuleList((nn.Conv2d(d, c, 1), nn.Conv2d(c, b, 1), nn.Conv2d(b, a, 1)))
        self.up = nn.ModuleList((_Residual(c), _Residual(b), _Residual(a)))
        self.text = nn.Conv2d(a, 1, 1)
        self.look = nn.Conv2d(c, 1, 1)  # where the answers look: the sector, not what surrounds it
        seen = 2 * c + 2 * d + b
        self.answer = nn.Sequential(
            nn.Linear(seen, 128), nn.ReLU(inplace=True), nn.Dropout(0.2), nn.Linear(128, 2 * len(FAULTS))
        )

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, maps = picture, []
        for block in self.down:
            x = block(x)
            maps.append(x)
        quarter, eighth, sixteenth, last = maps
        for skip, lateral, block in zip((sixteenth, eighth, quarter), self.lateral, self.up, strict=True):
            x = block(functional.interpolate(lateral(x), scale_factor=2.0, mode="nearest") + skip)
        text = self.text(x)[:, 0]
        look = self.look(sixteenth).sigmoid()
        weight = look.sum((2, 3)) + 1e-3
        coarse = functional.avg_pool2d(look, 2)
        wide = coarse.sum((2, 3)) + 1e-3
        fine = functional.interpolate(look, scale_factor=2.0, mode="nearest")
        seen = torch.cat(
            (
                (sixteenth * look).sum((2, 3)) / weight,
                sixteenth.amax((2, 3)),
                (last * coarse).sum((2, 3)) / wide,
                last.amax((2, 3)),
                (eighth * fine).sum((2, 3)) / (4 * weight),
            ),
            1,
        )
        faults, strength = self.answer(seen).chunk(2, 1)
        return faults, strength, text


class Served(nn.Module):  # type: ignore[misc]
    """What is served: calibrated chances, strengths, the text map and the pattern as uint8."""

    def __init__(self, network: Quality, slopes: list[float], offsets: list[float]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("slopes", torch.tensor(slopes))
        self.register_buffer("offsets", torch.tensor(offsets))

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        faults, strength, text = self.network(picture)
        chances = (faults * self.slopes + self.offsets).sigmoid()
        half = PATTERN // 2
        levels = (picture[:, 0, half::PATTERN, half::PATTERN] * PICTURE.deviation + PICTURE.mean) * 255
        return (
            chances,
            strength.sigmoid(),
            (text.sigmoid() * 255).round().to(torch.uint8),
            levels.round().clamp(0, 255).to(torch.uint8),
        )
