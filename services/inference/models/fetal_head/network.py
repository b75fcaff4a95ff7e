"""The network as it is served: it looks at the whole picture, then nearer and in a mirror at the head outlined there, and joins both."""

import torch
from torch import Tensor, nn

from services.inference.models.fetal_head.augment import PICTURE
from services.inference.training.looks import Looks, Near
from services.inference.training.picture import Picture
from services.inference.training.segmenter import Segmenter

ANSWERS = {"presence": 1}
NEARER = Picture(192, 192)  # of the second look
CONTEXT = 1.2  # of the second look: so many times the head's longer extent
LEAST = 40.0  # side of the nearer look, in pixels of the picture


class Served(nn.Module):  # type: ignore[misc]  # the platform's own environment has no torch
    """What a server is to get: `mask` in 255 levels, and how likely a head is there."""

    def __init__(self, network: Segmenter) -> None:
        super().__init__()
        self.looks = Looks(network, PICTURE, NEARER, (Near(CONTEXT, mirrored=True),), LEAST)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        logits, _, said = self.looks(picture)
        return (255 * logits.sigmoid()).round().to(torch.uint8), said[0]["presence"].sigmoid()
