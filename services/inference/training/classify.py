"""Classifiers of whole pictures: Lite0 with one or more heads, trained by `loop.fit` on groups from which batches are drawn.

A model gives a `Plan` (picture, heads, how a sample becomes a view and targets) and its samples; what is not labelled for a head has
the target UNKNOWN. `train` gives a network, `answers` its logits, `Softmaxed` what is exported.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from numpy.random import Generator
from torch import Tensor, nn
from torch.nn import functional

from services.inference.training.backbone import FEATURES, Lite0
from services.inference.training.images import Sample
from services.inference.training.loop import Batch, fit, prefetched
from services.inference.training.picture import Image, Picture

Floats = npt.NDArray[np.float64]
UNKNOWN = -1
BATCH = 32


class Classifier(nn.Module):  # type: ignore[misc]  # the platform's own environment has no torch
    """Pictures [n, 1, h, w] to logits [n, classes] of each head, in the heads' order."""

    def __init__(self, heads: Mapping[str, Sequence[str]], dropout: float = 0.3) -> None:
        super().__init__()
        self.encoder = Lite0()
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleDict({name: nn.Linear(FEATURES, len(classes)) for name, classes in heads.items()})

    def features(self, picture: Tensor) -> Tensor:
        return self.encoder.features(self.encoder(picture)[-1])

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        seen = self.dropout(self.features(picture))
        return tuple(head(seen) for head in self.heads.values())


class Softmaxed(nn.Module):  # type: ignore[misc]
    """What is served: the chances of each head's classes, softened by its temperature."""

    def __init__(self, network: Classifier, temperatures: Sequence[float]) -> None:
        super().__init__()
        self.network, self.temperatures = network, tuple(temperatures)

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        return tuple((x / t).softmax(1) for x, t in zip(self.network(picture), self.temperatures, strict=True))


@dataclass(frozen=True)
class Plan:
    """What a model fixes: its picture, its heads with their classes, and a random view of a sample in [0, 1]."""

    picture: Picture
    heads: Mapping[str, Sequence[str]]
    view: Callable[[Sample, Generator], Image]
    targets: Callable[[Sample], Sequence[int]]  # one of each head; UNKNOWN where the sample says nothing
    shares: Mapping[str, float]  # of a batch: how often each group is drawn
    smoothing: float = 0.05
    batch: int = BATCH


def batch(plan: Plan, groups: Mapping[str, Sequence[Sample]], rng: Generator, size: int = BATCH) -> Batch:
    """Views [size, 1, h, w] and targets [size, heads]."""
    names = [name for name in plan.shares if groups.get(name)]
    shares = np.array([plan.shares[name] for name in names])
    drawn = rng.choice(len(names), size, p=shares / shares.sum())
    samples = [groups[names[n]][int(rng.integers(len(groups[names[n]])))] for n in drawn]
    views = np.stack([plan.view(sample, rng) for sample in samples])
    targets = torch.tensor([list(plan.targets(sample)) for sample in samples])
    return torch.from_numpy(plan.picture.normalise(views))[:, None], targets


def loss_of(plan: Plan) -> Callable[[nn.Module, Batch, float], Tensor]:
    """Cross-entropy with smoothed labels, summed over the heads."""

    def loss(model: nn.Module, drawn: Batch, spent: float) -> Tensor:
        x, targets = drawn
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(x.contiguous(memory_format=torch.channels_last))
        total = torch.zeros(())
        for head, of_head in enumerate(logits):
            known = targets[:, head] != UNKNOWN
            if known.any():
                part = functional.cross_entropy(
                    of_head.float()[known], targets[known, head], label_smoothing=plan.smoothing
                )
                total = total + part * known.float().mean()
        return total

    return loss


def train(
    plan: Plan,
    groups: Mapping[str, Sequence[Sample]],
    watched: Sequence[Sample],
    checkpoint: Path,
    minutes: float,
    *,
    rate: float = 2e-3,
    seed: int = 1,
    start: nn.Module | None = None,
) -> Classifier:
    """A network trained for so long from ImageNet's weights (or from `start`), with averaged weights."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = Classifier(plan.heads)
    model.encoder.learnt_from_photographs()
    if start is not None:
        model.load_state_dict(start.state_dict())
    model = model.to(memory_format=torch.channels_last)
    pictures = prefetched(lambda: batch(plan, groups, rng, plan.batch))

    def mistakes(network: nn.Module) -> float:
        """Mean loss over the heads on the watched samples, whole and unaltered."""
        logits = answers(network, plan.picture, watched)
        targets = torch.tensor([list(plan.targets(sample)) for sample in watched])
        losses = [
            functional.cross_entropy(torch.from_numpy(of_head)[known], targets[known, head])
            for head, of_head in enumerate(logits)
            if (known := targets[:, head] != UNKNOWN).any()
        ]
        return float(sum(losses))

    figure = mistakes if watched else lambda network: 0.0
    trained = fit(model, pictures, loss_of(plan), figure, checkpoint, 60 * minutes, rate, 0.99, model.encoder)
    return cast(Classifier, trained)


@torch.no_grad()  # type: ignore[untyped-decorator]
def answers(network: nn.Module, picture: Picture, samples: Sequence[Sample]) -> list[Floats]:
    """The logits [n, classes] of each head on whole samples, in double precision."""
    network.eval()
    parts = [[of_head.numpy().astype(np.float64) for of_head in network(x)] for x in _whole(picture, samples)]
    return [np.concatenate([part[head] for part in parts]) for head in range(len(parts[0]))]


@torch.no_grad()  # type: ignore[untyped-decorator]
def features(network: Classifier, picture: Picture, samples: Sequence[Sample]) -> Floats:
    """The vectors [n, FEATURES] that the heads see of whole samples."""
    network.eval()
    return np.concatenate([network.features(x).numpy().astype(np.float64) for x in _whole(picture, samples)])


def _whole(picture: Picture, samples: Sequence[Sample]) -> Iterator[Tensor]:
    for start in range(0, len(samples), BATCH):
        views = np.stack([picture.letterbox(one.pixels) for one in samples[start : start + BATCH]])
        yield torch.from_numpy(picture.normalise(views))[:, None]
