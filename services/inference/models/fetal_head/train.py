"""Trains the fetal head model: `python -m services.inference.models.fetal_head.train --data FOLDER --minutes N`."""

import logging
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn
from torch.nn import functional

from services.inference.models.fetal_head import dataset
from services.inference.models.fetal_head.augment import PICTURE, view
from services.inference.models.fetal_head.dataset import Sample, axes_of, coverage
from services.inference.models.fetal_head.network import ANSWERS
from services.inference.training import command
from services.inference.training.command import TRAINING
from services.inference.training.export import letterbox
from services.inference.training.loop import Batch, fit, mixed, prefetched
from services.inference.training.segmenter import Segmenter

LOG = logging.getLogger(__name__)
STEPS = 2000  # without a number of minutes
SIMULATED = 300
# Of each batch: how many are drawn from each group. Outlined heads carry the measurement, the rest says what is no head.
SHARES = {"hc18": 10, "planes_heads": 2, "simulated": 1, "simulated_tissue": 1, "planes_others": 1, "others": 1}


def _middle(sample: Sample) -> bool:
    """Of the second trimester, which hc18 has most of and which is easiest: drawn half as often as the others."""
    return 98 <= (sample.hc_mm or 0) <= 260


def groups_of(samples: list[Sample]) -> dict[str, list[Sample]]:
    """The samples by the group from which a batch draws."""
    return {
        "hc18": [s for s in samples if s.source == "hc18" for _ in range(1 if _middle(s) else 2)],
        "planes_heads": [s for s in samples if s.source == "fetal_planes" and s.head],
        "simulated": [s for s in samples if s.source == "simulated" and s.head],
        "simulated_tissue": [s for s in samples if s.source == "simulated" and not s.head],
        "planes_others": [s for s in samples if s.source == "fetal_planes" and not s.head],
        "others": [s for s in samples if s.source not in ("hc18", "fetal_planes", "simulated")],
    }


def blank(rng: Generator) -> Sample:
    """A picture of nothing: black, even, noise, or a test pattern."""
    shape = (270, 400)
    kind = int(rng.integers(4))
    pictures = (
        np.full(shape, rng.integers(0, 256)),
        rng.integers(0, 256, shape),
        np.linspace(0, 255, shape[1])[None, :].repeat(shape[0], 0),
        255 * ((np.indices(shape).sum(0) // int(rng.integers(4, 60))) % 2),
    )
    return Sample("blank", "blank", "train", pictures[kind].astype(np.uint8), head=False)


def make_batch(groups: dict[str, list[Sample]], rng: Generator) -> Batch:
    """Pictures, coverages, head or not, outlined or not."""
    chosen = [
        group[int(rng.integers(len(group)))] for name, n in SHARES.items() for group in [groups[name]] for _ in range(n)
    ]
    if rng.random() < 0.25:
        chosen[-1] = blank(rng)
    pictures, masks = zip(*(view(sample, rng) for sample in chosen), strict=True)
    outlined = [not s.head or s.quadric is not None for s in chosen]
    heads = [float(s.head) for s in chosen]
    for n, (sample, mask) in enumerate(zip(chosen, masks, strict=True)):
        if sample.quadric is not None and mask.sum() < 0.5 * np.pi * np.prod(axes_of(sample.quadric)) * 0.1:
            heads[n] = -1.0  # moved out of the picture: neither head nor none
    x = torch.from_numpy(PICTURE.normalise(np.stack(pictures)))[:, None]
    return x, torch.from_numpy(np.stack(masks)), torch.tensor(heads), torch.tensor(outlined, dtype=torch.float32)


def _moments(p: Tensor) -> Tensor:
    """Logarithms of area and of both axes of masks [n, h, w], from their moments."""
    y = torch.arange(p.shape[1], dtype=torch.float32, device=p.device)[None, :, None]
    x = torch.arange(p.shape[2], dtype=torch.float32, device=p.device)[None, None, :]
    area = p.sum((1, 2)) + 1e-3
    cx, cy = (p * x).sum((1, 2)) / area, (p * y).sum((1, 2)) / area
    dx, dy = x - cx[:, None, None], y - cy[:, None, None]
    xx, yy, xy = ((p * d).sum((1, 2)) / area + 1 / 12 for d in (dx * dx, dy * dy, dx * dy))
    root = torch.sqrt((xx - yy) ** 2 / 4 + (xy - 1 / 12) ** 2 + 1e-6)
    middle = (xx + yy) / 2
    return torch.stack([area, middle + root, (middle - root).clamp_min(1e-2)], 1).log() / 2


def loss_of(model: nn.Module, batch: Batch, spent: float) -> Tensor:
    """Cross-entropy and Dice for the mask, error of the mask's axes, cross-entropy for presence."""
    x, mask, head, outlined = batch
    with mixed():
        logits, answers = model(x.contiguous(memory_format=torch.channels_last))
    logits, presence = logits.float(), answers["presence"][:, 0].float()
    p = logits.sigmoid()
    pixel = (functional.binary_cross_entropy_with_logits(logits, mask, reduction="none").mean((1, 2)) * outlined).mean()
    has = outlined * (mask.sum((1, 2)) > 100)
    dice = 1 - 2 * (p * mask).sum((1, 2)) / (p.sum((1, 2)) + mask.sum((1, 2)) + 1)
    axes = (_moments(p) - _moments(mask)).abs().mean(1).clamp_max(0.5)
    known = (head >= 0).float()
    image = (functional.binary_cross_entropy_with_logits(presence, head.clamp_min(0), reduction="none") * known).mean()
    weight = min(1.0, spent * 4)
    return 2 * pixel + (dice * has).mean() + weight * (axes * has).mean() + 0.1 * image


@torch.no_grad()
def validate(model: nn.Module, samples: list[Sample]) -> float:
    """Mean absolute error in mm of the circumference of hc18's validation heads, by the mask's moments; prints Dice."""
    errors, dices, scores = [], [], {True: [], False: []}
    for start in range(0, len(samples), 16):
        part = samples[start : start + 16]
        x = torch.cat([letterbox(torch.from_numpy(s.pixels)[None, :, :, None], PICTURE) for s in part])
        logits, answers = model(x.contiguous(memory_format=torch.channels_last))
        p = (logits.float() > 0).float()
        for n, sample in enumerate(part):
            scores[sample.head].append(float(answers["presence"][n]))
            if sample.quadric is None or sample.source != "hc18" or sample.hc_mm is None or sample.spacing_mm is None:
                continue
            rows, columns = sample.pixels.shape
            scale, back = PICTURE.scale(rows, columns), np.linalg.inv(PICTURE.matrix(rows, columns))
            within = coverage(back.T @ sample.quadric @ back, PICTURE.width, PICTURE.height) > 0.5
            truth = torch.from_numpy(within.astype(np.float32))
            dices.append(float(2 * (p[n] * truth).sum() / (p[n].sum() + truth.sum())))
            _, major, minor = (_moments(p[n : n + 1])[0].exp() * 2 / scale * sample.spacing_mm).tolist()
            h = ((major - minor) / (major + minor)) ** 2
            errors.append(np.pi * (major + minor) * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h))) - sample.hc_mm)
    wrong = sum(s < 0 for s in scores[True]) + sum(s > 0 for s in scores[False])
    LOG.info(f"  dice {np.mean(dices):.4f} hc bias {np.mean(errors):+.2f} mm, presence wrong {wrong} of {len(samples)}")
    return float(np.mean(np.abs(errors)))


def load(data: Path) -> list[Sample]:
    """All samples of the sets, with simulated ones for training."""
    return [
        *dataset.heads(data),
        *dataset.planes(data),
        *dataset.others(data),
        *dataset.simulated(SIMULATED, 10_000, "train"),
        *dataset.simulated(SIMULATED // 4, 20_000, "train", head=False),
    ]


def main() -> None:
    parser = command.arguments(__doc__, minutes=0)
    parser.add_argument("--start", type=Path, help="a checkpoint to go on from")
    parser.add_argument("--checkpoint", type=Path, default=TRAINING / "fetal_head.pt")
    asked = parser.parse_args()
    command.begin(asked, __name__)
    asked.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    samples = load(asked.data)
    groups = groups_of([s for s in samples if s.part == "train"])
    LOG.info(str({name: len(group) for name, group in groups.items()}))
    watched = [s for s in samples if s.part == "validation"]
    watched = [s for s in watched if s.source in ("hc18", "fetal_planes")] + [
        s for s in watched if s.source == "liver"
    ][:20]
    model = Segmenter(ANSWERS)
    model.encoder.learnt_from_photographs()
    if asked.start:
        model.load_state_dict(torch.load(asked.start))
    model = model.to(memory_format=torch.channels_last)
    rng = np.random.default_rng(asked.seed)
    batches = prefetched(lambda: make_batch(groups, rng))
    fit(
        model,
        batches,
        loss_of,
        lambda network: validate(network, watched),
        asked.checkpoint,
        60 * asked.minutes,
        asked.rate,
        learnt=model.encoder,
        steps=0 if asked.minutes else STEPS,
    )


if __name__ == "__main__":
    main()
