"""Classifiers of whole pictures: Lite0 with one or more heads, trained by `loop.fit` on groups from which batches are drawn.

A model gives a `Plan` (picture, heads, how a sample becomes a view and targets) and its samples; what is not labelled for a head has
the target UNKNOWN. `kept` computes once what stays fixed, `train` gives a network, `answers` its logits, `Softmaxed` what is exported.
"""

import logging
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
from services.inference.training.loop import DEVICE, Batch, fit, mixed
from services.inference.training.picture import Image, Picture

Floats = npt.NDArray[np.float64]
UNKNOWN = -1
LOG = logging.getLogger(__name__)
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


class Mirrored(nn.Module):  # type: ignore[misc]
    """Logits as the mean over the picture and its mirror image, which errs elsewhere."""

    def __init__(self, network: Classifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        looks = zip(self.network(picture), self.network(picture.flip(3)), strict=True)
        return tuple((straight + mirrored) / 2 for straight, mirrored in looks)


def looking(network: Classifier, mirrored: bool) -> nn.Module:
    """The network as it answers: with one look, or a second one in a mirror."""
    return Mirrored(network) if mirrored else network


class Softmaxed(nn.Module):  # type: ignore[misc]
    """What is served: the chances of each head's classes, softened by its temperature."""

    def __init__(self, network: nn.Module, temperatures: Sequence[float]) -> None:
        super().__init__()
        self.network, self.temperatures = network, tuple(temperatures)

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        return tuple((x / t).softmax(1) for x, t in zip(self.network(picture), self.temperatures, strict=True))


@dataclass(frozen=True)
class Plan:
    """What a model fixes: its picture, its heads with their classes, and a random view of a sample in [0, 1].

    The encoder's first blocks stay as photographs taught them, so that their maps of `views` random views of each sample (and of the
    sample as it is) are computed once, for all folds; only the rest is trained, which takes a third of the arithmetic.
    """

    picture: Picture
    heads: Mapping[str, Sequence[str]]
    view: Callable[[Sample, Generator], Image]
    targets: Callable[[Sample], Sequence[int]]  # one of each head; UNKNOWN where the sample says nothing
    shares: Mapping[str, float]  # of a batch: how often each group is drawn
    views: int
    steps: int
    smoothing: float = 0.05
    kept_blocks: int = 8
    mirrored: bool = False  # whether a picture is looked at twice, the second time in a mirror


@dataclass(frozen=True)
class Maps:
    """What the kept blocks make of every sample: [1 + views, n, channels, h, w], the sample as it is first; targets [n, heads]."""

    maps: Tensor
    targets: Tensor


@torch.no_grad()  # type: ignore[untyped-decorator]
def kept(plan: Plan, samples: Sequence[Sample], seed: int = 1) -> Maps:
    """The maps of all samples; the slow part of a training."""
    encoder = Lite0().learnt_from_photographs().eval().to(DEVICE, memory_format=torch.channels_last)
    rng = np.random.default_rng(seed)
    found: list[Tensor] = []
    for turn in range(1 + plan.views):
        for start in range(0, len(samples), BATCH):
            part = samples[start : start + BATCH]
            images = [plan.view(one, rng) if turn else plan.picture.letterbox(one.pixels) for one in part]
            x = torch.from_numpy(plan.picture.normalise(np.stack(images)))[:, None]
            with mixed():
                begun = encoder.begun(x.to(DEVICE).contiguous(memory_format=torch.channels_last), plan.kept_blocks)
            found.append(begun.half().cpu())
        LOG.info(f"view {turn} of {plan.views}")
    maps = torch.cat(found)
    targets = torch.tensor([list(plan.targets(sample)) for sample in samples])
    return Maps(maps.view(1 + plan.views, len(samples), *maps.shape[1:]), targets)


class _Rest(nn.Module):  # type: ignore[misc]
    """The part of a classifier behind its kept blocks, on their maps."""

    def __init__(self, network: Classifier, blocks: int) -> None:
        super().__init__()
        self.network, self.blocks = network, blocks

    def forward(self, maps: Tensor) -> tuple[Tensor, ...]:
        seen = self.network.dropout(self.network.encoder.finished(maps, self.blocks))
        return tuple(head(seen) for head in self.network.heads.values())


def loss_of(smoothing: float) -> Callable[[nn.Module, Batch, float], Tensor]:
    """Cross-entropy with smoothed labels, summed over the heads."""

    def loss(model: nn.Module, drawn: Batch, spent: float) -> Tensor:
        x, targets = drawn
        logits = model(x.float().contiguous(memory_format=torch.channels_last))
        total = torch.zeros((), device=x.device)
        for head, of_head in enumerate(logits):
            known = targets[:, head] != UNKNOWN
            if known.any():
                part = functional.cross_entropy(of_head[known], targets[known, head], label_smoothing=smoothing)
                total = total + part * known.float().mean()
        return total

    return loss


def train(
    plan: Plan,
    maps: Maps,
    groups: Mapping[str, Sequence[int]],
    watched: Sequence[int],
    checkpoint: Path,
    *,
    rate: float = 2e-3,
    seed: int = 1,
    start: Classifier | None = None,
) -> Classifier:
    """A network from ImageNet's weights (or going on from `start`), with averaged weights; `groups` are numbers of samples,
    `watched` those never drawn."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = start or Classifier(plan.heads)
    if start is None:
        network.encoder.learnt_from_photographs()
    names = [name for name in plan.shares if groups.get(name)]
    shares = np.array([plan.shares[name] for name in names])
    members = [np.asarray(groups[name]) for name in names]
    loss = loss_of(plan.smoothing)

    def batches() -> Iterator[Batch]:
        while True:
            drawn = rng.choice(len(names), BATCH, p=shares / shares.sum())
            chosen = np.array([rng.choice(members[n]) for n in drawn])
            yield maps.maps[rng.integers(len(maps.maps), size=BATCH), chosen], maps.targets[chosen]

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def mistakes(rest: nn.Module) -> float:
        """Mean loss on the watched samples, as they are."""
        return float(loss(rest, (maps.maps[0, watched], maps.targets[watched]), 1.0)) if len(watched) else 0.0

    model = _Rest(network, plan.kept_blocks).to(memory_format=torch.channels_last)
    trained = fit(model, batches(), loss, mistakes, checkpoint, 0, rate, 0.99, network.encoder, plan.steps)
    return cast(Classifier, trained.network)


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
