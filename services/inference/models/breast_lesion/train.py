"""Trains the breast lesion model: `python -m services.inference.models.breast_lesion.train --data FOLDER --minutes N`.

First a network for each official fold, which never saw that fold, as many side by side as there are threads: they give the figures. Each
learns in three rounds, each of which begins again at the full rate (Loshchilov & Hutter, arXiv 1608.03983), and is the mean of the
rounds' weights (Izmailov et al., arXiv 1803.05407): later rounds outline better, the mean judges a lesion's nature best. Then
the final one, likewise: it starts from the mean of the folds' weights, and learns from all folds what the biopsy said and what the network
that never saw the image made of it (distillation after Hinton et al., arXiv 1503.02531). What lies in the folder is not trained again, so
a run that broke off goes on.
"""

import argparse
import logging
import math
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn
from torch.nn import functional

from services.inference.models.breast_lesion import answers, dataset
from services.inference.models.breast_lesion.convert import FOLDER, out_of_fold
from services.inference.models.breast_lesion.dataset import BIRADS, FOLDS, Sample
from services.inference.models.breast_lesion.network import ANSWERS, TRAINED
from services.inference.models.breast_lesion.views import Kind, view
from services.inference.training import command
from services.inference.training.loop import DEVICE, Batch, fit, mixed, prefetched
from services.inference.training.segmenter import Segmenter

FINAL = "final"
OF_FINAL = 0.18  # of the minutes
ROUNDS = (0.43, 0.33, 0.24)  # of a network's minutes
WHOLE, NEAR, OTHERS = 6, 7, 2  # of each batch, beside one view of tissue that leaves the lesion out
LEAST_PX = 20.0  # of a view: a lesion of which less is seen is neither there nor not
UNKNOWN = -1.0
SETTLING = 60  # batches
SMOOTHING = 0.02  # of the biopsy's answer
FROM_TEACHER = 0.5  # of what the final network learns of a lesion's nature

LOG = logging.getLogger(__name__)


class Batches:
    """Draws views; every lesion is seen as often as any other, whole and near."""

    def __init__(
        self, lesions: Sequence[Sample], others: Sequence[Sample], taught: dict[str, float], rng: Generator
    ) -> None:
        self.lesions, self.taught, self.rng = lesions, taught, rng
        self.others: dict[str, list[Sample]] = {}
        for sample in others:
            self.others.setdefault(sample.source, []).append(sample)
        self.whole, self.near = self._turns(), self._turns()

    def _turns(self) -> Iterator[Sample]:
        while True:
            yield from (self.lesions[n] for n in self.rng.permutation(len(self.lesions)))

    def _chosen(self) -> Iterator[tuple[Sample, Kind]]:
        yield from ((next(self.whole), "whole") for _ in range(WHOLE))
        yield from ((next(self.near), "near") for _ in range(NEAR))
        yield self.lesions[int(self.rng.integers(len(self.lesions)))], "beside"
        for _ in range(OTHERS):
            source = self.others[list(self.others)[int(self.rng.integers(len(self.others)))]]
            yield source[int(self.rng.integers(len(source)))], "whole"

    def __call__(self) -> Batch:
        """Views, coverages, lesion or not, malignant or not (UNKNOWN where neither), place among BIRADS (UNKNOWN likewise)."""
        pictures, masks, targets = [], [], []
        for sample, kind in self._chosen():
            made = view(sample, kind, TRAINED, self.rng)
            if made is None:  # the lesion leaves no room
                continue
            pictures.append(made[0])
            masks.append(made[1])
            targets.append(self._targets(sample, kind, float(made[1].sum())))
        x = torch.from_numpy(TRAINED.normalise(np.stack(pictures)))[:, None]
        return x, torch.from_numpy(np.stack(masks)), torch.tensor(targets)

    def _targets(self, sample: Sample, kind: Kind, seen: float) -> tuple[float, float, float]:
        if sample.mask is None or kind == "beside":
            return (UNKNOWN if seen > 0 else 0.0), UNKNOWN, UNKNOWN
        if seen < LEAST_PX:
            return UNKNOWN, UNKNOWN, UNKNOWN
        nature = SMOOTHING + (1 - 2 * SMOOTHING) * sample.malignant
        if sample.name in self.taught:
            nature = FROM_TEACHER * self.taught[sample.name] + (1 - FROM_TEACHER) * sample.malignant
        return 1.0, nature, float(BIRADS.index(sample.birads))


def _known(logits: Tensor, targets: Tensor) -> Tensor:
    known = targets >= 0
    return functional.binary_cross_entropy_with_logits(logits[known, 0].float(), targets[known])


def loss_of(model: nn.Module, batch: Batch, spent: float) -> Tensor:
    """Cross-entropy and Dice for the mask, cross-entropy for presence, nature and the reader's BI-RADS assessment."""
    x, mask, targets = batch
    with mixed():
        logits, said = model(x.contiguous(memory_format=torch.channels_last))
    logits = logits.float()
    p = logits.sigmoid()
    has = mask.sum((1, 2)) > LEAST_PX
    overlap = 2 * (p * mask).sum((1, 2)) / (p.sum((1, 2)) + mask.sum((1, 2)) + 1)
    outline = 2 * functional.binary_cross_entropy_with_logits(logits, mask) + (1 - overlap[has]).mean()
    birads = functional.cross_entropy(said["birads"].float(), targets[:, 2].long(), ignore_index=int(UNKNOWN))
    nature = _known(said["malignant"], targets[:, 1])
    return outline + nature + 0.3 * _known(said["presence"], targets[:, 0]) + 0.3 * birads


def mean_of(networks: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Their weights averaged: Wortsman et al., ICML 2022 (arXiv 2203.05482)."""
    return {
        name: torch.stack([network[name].float() for network in networks]).mean(0).to(value.dtype)
        for name, value in networks[0].items()
    }


@torch.no_grad()  # type: ignore[untyped-decorator]
def settle(model: nn.Module, batches: Batches) -> None:
    """Measure the layers' means and variances anew: those of averaged weights are not the average of theirs (arXiv 1803.05407)."""
    norms = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over what follows
    model.train()
    for _ in range(SETTLING):
        with mixed():
            model(batches()[0].to(DEVICE).contiguous(memory_format=torch.channels_last))
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum


def taught() -> dict[str, float]:
    """Of each image: the probability of malignancy by the network that never saw it."""
    return {one.image: 1 / (1 + math.exp(-one.malignant_logit)) for one in answers.read() if one.lesion}


def train_one(
    name: str, lesions: Sequence[Sample], others: Sequence[Sample], minutes: float, rate: float, seed: int
) -> None:
    """Train a fold's network, or the final one, and keep it."""
    torch.manual_seed(seed)
    model = Segmenter(ANSWERS)
    model.encoder.learnt_from_photographs()
    teacher: dict[str, float] = {}
    if name == FINAL:
        model.load_state_dict(mean_of([torch.load(FOLDER / f"fold{fold}.pt") for fold in FOLDS]))
        teacher, rate = taught(), rate / 2
    LOG.info(f"{name}: {len(lesions)} lesions, {len(others)} images without")
    rounds = [FOLDER / f"{name}.round{number}.pt" for number in range(len(ROUNDS))]
    for number, (kept, share) in enumerate(zip(rounds, ROUNDS, strict=True)):
        if not kept.exists():
            batches = Batches(lesions, others, teacher, np.random.default_rng((seed, number)))
            if name == FINAL and number == 0:
                settle(model.to(DEVICE), batches)
            network = fit(
                model.to(memory_format=torch.channels_last),
                prefetched(batches),
                loss_of,
                lambda _: 0.0,
                FOLDER / f"{name}.part.pt",
                60 * minutes * share,
                rate,
                decay=0.995,
                learnt=model.encoder,
            )
            torch.save(network.state_dict(), kept)
        model.load_state_dict(torch.load(kept))
    torch.save(mean_of([torch.load(kept) for kept in rounds]), FOLDER / f"{name}.pt")


def side_by_side(folds: Sequence[str], asked: argparse.Namespace) -> None:
    """Train these folds in processes of one thread each: two of them are faster than one after the other with two threads each."""
    command_line = [sys.executable, "-m", __spec__.name, "--data", str(asked.data), "--threads", "1"]
    command_line += [
        "--minutes",
        str(asked.minutes * asked.threads),
        "--rate",
        str(asked.rate),
        "--seed",
        str(asked.seed),
    ]

    def one(fold: str) -> None:
        subprocess.run([*command_line, "--only", fold], check=True)

    with ThreadPoolExecutor(asked.threads) as pool:
        list(pool.map(one, folds))


def main() -> None:
    parser = command.arguments(__doc__, minutes=110)
    parser.add_argument("--only", nargs="*", help="fold2, fold3, fold4, fold5, final")
    asked = parser.parse_args()
    command.begin(asked, __name__)
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = [f"fold{fold}" for fold in FOLDS if not asked.only or f"fold{fold}" in asked.only]
    missing = [name for name in wanted if not (FOLDER / f"{name}.pt").exists()]
    if len(missing) > 1 and asked.threads > 1 and DEVICE.type == "cpu":
        side_by_side(missing, asked)
    lesions, others = list(dataset.lesions(asked.data)), list(dataset.without_lesion(asked.data, training=True))
    for name in wanted:
        if not (FOLDER / f"{name}.pt").exists():
            kept = [sample for sample in lesions if name != f"fold{sample.fold}"]
            train_one(name, kept, others, asked.minutes * (1 - OF_FINAL) / len(FOLDS), asked.rate, asked.seed)
    if not asked.only or FINAL in asked.only:
        answers.write(out_of_fold(lesions, list(dataset.without_lesion(asked.data, training=False))))
        if not (FOLDER / f"{FINAL}.pt").exists():
            train_one(FINAL, lesions, others, asked.minutes * OF_FINAL, asked.rate, asked.seed)


if __name__ == "__main__":
    main()
