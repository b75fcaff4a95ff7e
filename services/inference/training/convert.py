"""A trained network as the served graph: a classifier's chances softened as its cross-validation asks; any graph held to torch."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from services.inference.training import command, crossfit, measure, metrics
from services.inference.training.classify import UNKNOWN, Classifier, Softmaxed, looking
from services.inference.training.command import TRAINING
from services.inference.training.crossfit import FINAL, OUT_OF_FOLD, Job
from services.inference.training.export import export, halve, letterbox
from services.inference.training.images import Sample
from services.inference.training.picture import Picture
from services.inference.training.served import AGREEMENT, Served

COMPARED = 40
LOG = logging.getLogger(__name__)


def temperatures(job: Job, folder: Path, here: Path) -> list[float]:
    """Of each head, from the answers of the networks that never saw the subject; those answers stay with the model."""
    logits = crossfit.out_of_fold(job, folder)
    np.savez_compressed(here / OUT_OF_FOLD, *(of_head.astype(np.float32) for of_head in logits))
    targets = np.array([list(job.plan.targets(sample)) for sample in job.samples])
    found = []
    for head, of_head in enumerate(logits):
        known = targets[:, head] != UNKNOWN
        found.append(round(metrics.temperature(of_head[known], targets[known, head]), 4))
    return found


def write(
    network: Classifier,
    heat: list[float],
    model: Path,
    picture: Picture,
    samples: list[Sample],
    *,
    mirrored: bool = False,
) -> None:
    """Export, and hold the chances to torch's on these samples."""
    halve(network)
    served = Softmaxed(looking(network, mirrored), heat).eval()
    export(served, model, picture, list(network.heads))
    run, apart = Served(model), 0.0
    for sample in samples:
        got = run(sample.pixels)
        with torch.no_grad():
            meant = served(letterbox(torch.from_numpy(sample.pixels)[None, :, :, None], picture))
        apart = max(
            apart,
            *(float(np.abs(a[0].numpy() - got[name]).max()) for a, name in zip(meant, network.heads, strict=True)),
        )
    LOG.info(f"temperatures {heat}")
    keep(model, apart)


def keep(model: Path, apart: float) -> None:
    """Write into the card how far the graph's answers were found from torch's; one that differs too much is taken away."""
    if apart > AGREEMENT:
        model.unlink()
        sys.exit(f"the graph differs from torch by {apart}, more than {AGREEMENT}: it was not kept")
    measure.note_conversion(model, apart)
    LOG.info(f"largest difference from torch {apart:.6f}; {model}: {model.stat().st_size} bytes")


def main(name: str, job_of: Callable[[Path], Job]) -> None:
    """The command line of a classifier's convert.py."""
    asked = command.converting(name, TRAINING / name)
    job = job_of(asked.data)
    heat = temperatures(job, asked.trained, asked.model.parents[1])
    network = crossfit.load(job, asked.trained, FINAL)
    samples = list(job.samples)[:: max(1, len(job.samples) // COMPARED)]
    write(network, heat, asked.model, job.plan.picture, samples, mirrored=job.plan.mirrored)
