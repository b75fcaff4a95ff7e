"""Several looks at a picture, by one network and inside one graph: the whole of it, then nearer at what was outlined there."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from services.inference.training.picture import Picture


def windows(chances: Tensor, context: float, least: float) -> tuple[Tensor, Tensor]:
    """Centres [n, 2] as (x, y) and sides [n] in pixels of squares round what masks [n, h, w] hold: `context` times its longer extent.

    The extent is that of the ellipse with the mask's moments; what holds nothing gets the whole picture.
    """
    rows, columns = chances.shape[1:]
    held = (2 * chances - 1).clamp_min(0)  # without a step: a rounding must not move the square
    mass = held.sum((1, 2))
    known = mass.clamp_min(1e-3)[:, None]
    x, y = torch.arange(columns, dtype=torch.float32), torch.arange(rows, dtype=torch.float32)
    across, down = held.sum(1) / known, held.sum(2) / known
    cx, cy = (across * x).sum(1), (down * y).sum(1)
    spread = torch.maximum((across * x * x).sum(1) - cx * cx, (down * y * y).sum(1) - cy * cy).clamp_min(0).sqrt()
    most = float(max(rows, columns))
    sides = (4 * context * spread).clamp(least, most)
    seen = mass > 1
    centres = torch.stack([torch.where(seen, cx, (columns - 1) / 2), torch.where(seen, cy, (rows - 1) / 2)], 1)
    return centres, torch.where(seen, sides, most)


def _places(centre: Tensor, steps: Tensor, size: int) -> Tensor:
    """Pixels of a picture of that size as grid_sample counts them, [n, len(steps)]."""
    return (2 * (centre[:, None] + steps) + 1) / size - 1


def _grid(x: Tensor, y: Tensor) -> Tensor:
    shape = (x.shape[0], y.shape[1], x.shape[1])
    return torch.stack([x[:, None, :].expand(shape), y[:, :, None].expand(shape)], 3)


def _steps(size: int) -> Tensor:
    return torch.arange(size, dtype=torch.float32) - (size - 1) / 2


def nearer(pictures: Tensor, centres: Tensor, sides: Tensor, height: int, width: int) -> Tensor:
    """Views [n, 1, height, width] of pictures [n, 1, h, w] in which the squares just fit; black (-1) beyond the picture."""
    pixel = (sides / min(height, width))[:, None]
    x = _places(centres[:, 0], pixel * _steps(width), pictures.shape[3])
    y = _places(centres[:, 1], pixel * _steps(height), pictures.shape[2])
    return functional.grid_sample(pictures + 1, _grid(x, y), align_corners=False) - 1


def back(views: Tensor, centres: Tensor, sides: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Views [n, h, w] where they lie in the picture, [n, height, width], and how much of each pixel they cover, 0 to 1."""
    rows, columns = views.shape[1:]
    scale = (min(rows, columns) / sides)[:, None]
    x = (2 * (scale * (torch.arange(width) - centres[:, :1]) + (columns - 1) / 2) + 1) / columns - 1
    y = (2 * (scale * (torch.arange(height) - centres[:, 1:]) + (rows - 1) / 2) + 1) / rows - 1
    layers = torch.stack([views, torch.ones_like(views)], 1)
    placed = functional.grid_sample(layers, _grid(x, y), align_corners=False)
    return placed[:, 0], placed[:, 1]


@dataclass(frozen=True)
class Near:
    """A nearer look: how many times the outlined thing's longer extent it sees, and whether in a mirror.

    A mirrored look errs elsewhere than one that is not, so that the mean of both errs less.
    """

    context: float
    mirrored: bool = False


class Looks(nn.Module):  # type: ignore[misc]  # the platform's own environment has no torch
    """Pictures [n, 1, h, w] to mask logits [n, h, w] joined from all looks, and each look's mask logits and answers.

    The first look sees the picture at `first`; the others see `nearer` squares at `size`.
    """

    def __init__(self, network: nn.Module, first: Picture, size: Picture, near: Sequence[Near], least: float) -> None:
        super().__init__()
        self.network, self.first, self.size, self.near, self.least = network, first, size, tuple(near), least

    def _shown(self, x: Tensor, height: int, width: int) -> Tensor:
        if (x.shape[2], x.shape[3]) == (height, width):
            return x
        return functional.interpolate(x, size=(height, width), mode="bilinear", align_corners=False)

    def forward(self, picture: Tensor) -> tuple[Tensor, list[Tensor], list[dict[str, Tensor]]]:
        height, width = picture.shape[2:]
        small, first = self.network(self._shown(picture, self.first.height, self.first.width))
        far = self._shown(small[:, None], height, width)[:, 0]
        views, places = [], []
        for look in self.near:
            centres, sides = windows(far.sigmoid(), look.context, self.least)
            view = nearer(picture, centres, sides, self.size.height, self.size.width)
            views.append(view.flip(3) if look.mirrored else view)
            places.append((centres, sides))
        close, said = self.network(torch.cat(views))
        looks, answers, joined, share = [far], [first], far, 1 / (len(views) + 1)
        for n, (look, (centres, sides)) in enumerate(zip(self.near, places, strict=True)):
            members = slice(n * picture.shape[0], (n + 1) * picture.shape[0])
            seen = close[members].flip(2) if look.mirrored else close[members]
            placed, covered = back(seen, centres, sides, height, width)
            joined = joined + share * (placed - covered * far)
            looks.append(placed + (1 - covered) * far)
            answers.append({name: of[members] for name, of in said.items()})
        return joined, looks, answers
