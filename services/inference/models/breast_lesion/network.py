"""The network as it is served: one look at the whole picture and two nearer (one in a mirror) at what it outlined there, joined."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from services.inference.models.breast_lesion.views import CONTEXT, SMALLEST
from services.inference.training.looks import Looks, Near
from services.inference.training.picture import Picture
from services.inference.training.segmenter import Segmenter

ANSWERS = {"presence": 1, "malignant": 1, "birads": 4}
PICTURE = Picture(288, 288)  # the sets' images are no larger
FIRST = Picture(224, 224)  # of the first look
NEARER = Picture(160, 160)  # of the other two
TRAINED = Picture(192, 192)  # of all while the network learns: smaller than it looks (Touvron et al., arXiv 1906.06423)


@dataclass(frozen=True)
class Calibration:
    """Slopes and offsets of the logits."""

    presence_slope: float = 1.0
    presence_offset: float = 0.0
    malignancy_slope: float = 1.0
    malignancy_offset: float = 0.0


class Served(nn.Module):  # type: ignore[misc]  # the platform's own environment has no torch
    """What a server is to get: `mask` uint8 (255 = certain), `presence` and `malignancy` as calibrated chances."""

    def __init__(self, network: Segmenter, calibration: Calibration) -> None:
        super().__init__()
        near = (Near(CONTEXT, mirrored=True), Near(1.3 * CONTEXT))
        self.looks, self.by = Looks(network, FIRST, NEARER, near, SMALLEST), calibration

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits, _, said = self.looks(picture)
        mask = (255 * logits.sigmoid()).round().to(torch.uint8)
        presence = self.by.presence_slope * said[0]["presence"] + self.by.presence_offset
        malignant = torch.stack([look["malignant"] for look in said]).mean(0)
        return mask, presence.sigmoid(), (self.by.malignancy_slope * malignant + self.by.malignancy_offset).sigmoid()
