"""Where a classifier looks: class activation maps (Zhou et al., CVPR 2016), and sheets of pictures.

They show data: they stay out of git."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from services.inference.training import crossfit
from services.inference.training.classify import Classifier
from services.inference.training.crossfit import Job
from services.inference.training.images import Sample
from services.inference.training.picture import Image, Picture

TILE = (200, 160)  # columns, rows
ACROSS = 8


@torch.no_grad()  # type: ignore[untyped-decorator]
def class_map(network: Classifier, picture: Picture, sample: Sample, head: str, of: int) -> Image:
    """What each place of the picture adds to the class's logit, [height, width], negative values left out."""
    x = torch.from_numpy(picture.normalise(picture.letterbox(sample.pixels)))[None, None]
    deep = network.encoder.last(network.encoder(x)[-1])
    weighed = torch.einsum("nchw,c->nhw", deep, network.heads[head].weight[of])[:, None].clamp_min(0)
    large = functional.interpolate(weighed, (picture.height, picture.width), mode="bilinear", align_corners=False)
    return np.asarray(large[0, 0].numpy(), np.float32)


def maps(
    job: Job, folder: Path, path: Path, chosen: Sequence[int], head: str = ""
) -> list[Sequence[str | float | int]]:
    """A sheet of the chosen samples with their own class's map over each, from the network that never saw them; and of each
    class the mean share of the map's weight in the middle half of the sector's area."""
    head = head or next(iter(job.plan.heads))
    place = list(job.plan.heads).index(head)
    tiles, texts = [], []
    shares: dict[int, list[float]] = {}
    networks: dict[int, Classifier] = {}
    for n in chosen:
        sample, fold = job.samples[n], int(job.folds[n])
        of = job.plan.targets(sample)[place]
        if fold not in networks:
            networks[fold] = crossfit.load(job, folder, f"fold{fold}")
        heat = class_map(networks[fold], job.plan.picture, sample, head, of)
        grey = (255 * job.plan.picture.letterbox(sample.pixels)).astype(np.uint8)
        scale = job.plan.picture.scale(*sample.pixels.shape)
        rows, columns = (max(1, int(side * scale)) for side in sample.pixels.shape)
        inside = heat[:rows, :columns]
        y, x = int(rows * 0.146), int(columns * 0.146)  # leaves half of the area
        shares.setdefault(of, []).append(float(inside[y : rows - y, x : columns - x].sum() / max(1e-6, inside.sum())))
        colour = cv2.applyColorMap((255 * heat / max(1e-6, heat.max())).astype(np.uint8), cv2.COLORMAP_INFERNO)
        tiles.append(cv2.addWeighted(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), 0.65, colour, 0.5, 0))
        texts.append(str(list(job.plan.heads.values())[place][of]))
    _save(tiles, texts, path)
    names = list(job.plan.heads.values())[place]
    return [[names[of], round(float(np.mean(of_class)), 3)] for of, of_class in sorted(shares.items())]


def sheet(samples: Sequence[Sample], path: Path, texts: Sequence[str]) -> None:
    """Pictures in a grid, each with its line of text."""
    _save([cv2.cvtColor(sample.pixels, cv2.COLOR_GRAY2BGR) for sample in samples], texts, path)


def _save(tiles: Sequence[npt.NDArray[Any]], texts: Sequence[str], path: Path) -> None:
    done: list[npt.NDArray[Any]] = []
    for tile, text in zip(tiles, texts, strict=True):
        small = cv2.resize(tile, TILE, interpolation=cv2.INTER_AREA)
        cv2.putText(small, text, (3, TILE[1] - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255))
        done.append(small)
    done += [np.zeros((TILE[1], TILE[0], 3), np.uint8)] * (-len(done) % ACROSS)
    if done:
        cv2.imwrite(str(path), np.vstack([np.hstack(done[n : n + ACROSS]) for n in range(0, len(done), ACROSS)]))
