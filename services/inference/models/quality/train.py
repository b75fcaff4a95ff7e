"""Trains the quality model: `python -m services.inference.models.quality.train --data FOLDER --minutes N`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn
from torch.nn import functional

from services.inference.models.quality import dataset
from services.inference.models.quality.dataset import PICTURE, UNKNOWN, Source
from services.inference.models.quality.network import Quality
from services.inference.training import command
from services.inference.training.command import TRAINING
from services.inference.training.loop import Batch, fit, mixed, prefetched

BATCH = 16
WATCHED = 12  # batches of the validation part, always the same
SHARES = {"hc18": 0.2, "busbra": 0.25, "fetal_planes": 0.15, "liver": 0.15, "muscle": 0.08, "lung": 0.12, "drawn": 0.05}
TEXT_WEIGHT = 4.0  # text covers a few percent of a picture


def make_batch(groups: Mapping[str, Sequence[Source]], rng: Generator) -> Batch:
    """Pictures, faults, strengths, text maps."""
    names = [name for name in SHARES if groups.get(name)]
    shares = np.array([SHARES[name] for name in names])
    made = []
    for name in rng.choice(names, BATCH, p=shares / shares.sum()):
        group = groups[str(name)]
        made.append(dataset.example(rng, group[int(rng.integers(len(group)))]))
    pictures = PICTURE.normalise(np.stack([one.image for one in made]))[:, None]
    rest = (np.stack([getattr(one, name) for one in made]) for name in ("faulty", "strength", "text"))
    return (torch.from_numpy(pictures), *map(torch.from_numpy, rest))


def _where_known(loss: Tensor, target: Tensor) -> Tensor:
    known = (target != UNKNOWN).float()
    return (loss * known).sum() / known.sum().clamp_min(1)


def loss_of(model: nn.Module, batch: Batch, spent: float) -> Tensor:
    """Cross-entropy for faults, their strength and text, and overlap for text."""
    x, faulty, strength, text = batch
    with mixed():
        found = model(x.contiguous(memory_format=torch.channels_last))
    faults, amount, map_ = (one.float() for one in found)
    cross = functional.binary_cross_entropy_with_logits
    of_faults = _where_known(cross(faults, faulty.clamp_min(0), reduction="none"), faulty)
    of_strength = _where_known(cross(amount, strength.clamp_min(0), reduction="none"), strength)
    weight = 1 + (TEXT_WEIGHT - 1) * text.clamp_min(0)
    of_text = _where_known(weight * cross(map_, text.clamp_min(0), reduction="none"), text)
    known = (text != UNKNOWN).float()
    p, t = map_.sigmoid() * known, text.clamp_min(0) * known
    overlap = 1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1)
    return of_faults + of_strength + 4 * of_text + 0.5 * overlap


def grouped(sources: Sequence[Source]) -> dict[str, list[Source]]:
    """By set."""
    groups: dict[str, list[Source]] = {}
    for source in sources:
        groups.setdefault(source.sample.source, []).append(source)
    return groups


def main() -> None:
    parser = command.arguments(__doc__, minutes=30, rate=3e-3)
    parser.add_argument("--start", type=Path, help="a checkpoint to go on from")
    parser.add_argument("--checkpoint", type=Path, default=TRAINING / "quality.pt")
    asked = parser.parse_args()
    command.begin(asked, __name__)
    asked.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    sources = dataset.read(asked.data)
    learnt = grouped([one for one in sources if one.sample.part == "train"] + dataset.drawn(80, 0))
    kept = grouped([one for one in sources if one.sample.part == "validation"] + dataset.drawn(16, 10_000))
    rng = np.random.default_rng(asked.seed + 1000)
    watched = [make_batch(kept, rng) for _ in range(WATCHED)]
    model = Quality()
    if asked.start:
        model.load_state_dict(torch.load(asked.start, map_location="cpu"))
    model = model.to(memory_format=torch.channels_last)

    @torch.no_grad()
    def mistakes(network: nn.Module) -> float:
        return float(np.mean([float(loss_of(network, batch, 1.0)) for batch in watched]))

    drawing = np.random.default_rng(asked.seed)
    batches = prefetched(lambda: make_batch(learnt, drawing))
    fit(model, batches, loss_of, mistakes, asked.checkpoint, 60 * asked.minutes, asked.rate, decay=0.995)


if __name__ == "__main__":
    main()
