"""Cross-validation and the final network of a classifier: each fold's network never saw the fold's subjects; the final one saw all.

Networks lie in a folder as fold0.pt, …, final.pt; what lies there is not trained again, so a run that broke off goes on.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch

from services.inference.training import command
from services.inference.training.classify import Classifier, Floats, Maps, Plan, answers, kept, looking, train
from services.inference.training.command import TRAINING
from services.inference.training.folds import Ints
from services.inference.training.images import Sample

LOG = logging.getLogger(__name__)
FINAL = "final"
OUT_OF_FOLD = "out_of_fold.npz"
WATCHED = 200


@dataclass(frozen=True)
class Job:
    """What is trained: a plan, the samples, the fold of each, and the group of a batch's shares that each belongs to."""

    plan: Plan
    samples: Sequence[Sample]
    folds: Ints
    group_of: Callable[[Sample], str]

    @property
    def names(self) -> list[str]:
        return [f"fold{n}" for n in sorted(set(self.folds.tolist()))]


def load(job: Job, folder: Path, name: str) -> Classifier:
    """A network of the folder. Raises FileNotFoundError: the figures need the networks of make train-<model>."""
    network = Classifier(job.plan.heads)
    network.load_state_dict(torch.load(folder / f"{name}.pt", map_location="cpu"))
    network.eval()
    return network


def train_one(
    job: Job, maps: Maps, folder: Path, name: str, *, rate: float = 2e-3, seed: int = 1, further: bool = False
) -> None:
    """Train one fold's network, or the final one, and keep it; `further`: from the one that lies there."""
    fold = -1 if name == FINAL else int(name.removeprefix("fold"))
    groups: dict[str, list[int]] = {}
    watched = []
    for n, (sample, of) in enumerate(zip(job.samples, job.folds, strict=True)):
        if of == fold:
            watched.append(n)
        else:
            groups.setdefault(job.group_of(sample), []).append(n)
    LOG.info(f"{name}: { ({group: len(members) for group, members in groups.items()}) }")
    folder.mkdir(parents=True, exist_ok=True)
    few = watched[:: max(1, len(watched) // WATCHED)]
    start = load(job, folder, name) if further else None
    network = train(job.plan, maps, groups, few, folder / f"{name}.part.pt", rate=rate, seed=seed, start=start)
    torch.save(network.state_dict(), folder / f"{name}.pt")


def out_of_fold(job: Job, folder: Path) -> list[Floats]:
    """The logits of each head on every sample, from the network that never saw its subject. Raises FileNotFoundError."""
    logits = [np.zeros((len(job.samples), len(classes))) for classes in job.plan.heads.values()]
    for name in job.names:
        network = looking(load(job, folder, name), job.plan.mirrored)
        members = [n for n, of in enumerate(job.folds) if of == int(name.removeprefix("fold"))]
        for head, of_head in enumerate(answers(network, job.plan.picture, [job.samples[n] for n in members])):
            logits[head][members] = of_head
    return logits


def kept_out_of_fold(model: str) -> list[Floats]:
    """What `out_of_fold` gave when the model was converted: it lies with the model, for every figure comes from it."""
    return [logits.astype(np.float64) for logits in np.load(command.home(model) / OUT_OF_FOLD).values()]


def trained(job: Job, folder: Path) -> bool:
    """Whether the networks of the cross-validation lie there: a fresh copy of the project has none until make train-<model>."""
    return all((folder / f"{name}.pt").exists() for name in job.names)


def main(
    model: str, job_of: Callable[[Path], Job], variants: Mapping[str, Callable[[Job], Job]] = MappingProxyType({})
) -> None:
    """The command line of a classifier's train.py; of each variant (another way to part the same samples) the first fold is trained too."""
    parser = command.arguments(f"Trains {model}: a network for each fold, then the final one on all data.", minutes=0)
    parser.add_argument("--only", nargs="*", help="fold0, fold1, …, final, or a variant")
    parser.add_argument("--anew", action="store_true", help="train again what lies in the folder")
    parser.add_argument(
        "--further",
        action="store_true",
        help="go on from what lies in the folder, with other views (give another seed)",
    )
    parser.add_argument("--folder", type=Path, default=TRAINING / model)
    asked = parser.parse_args()
    command.begin(asked, __name__)
    job = job_of(asked.data)
    maps = kept(job.plan, job.samples, asked.seed)
    for name in asked.only or [FINAL, *job.names, *variants]:
        folder = asked.folder / name if name in variants else asked.folder
        of, which = (variants[name](job), "fold0") if name in variants else (job, name)
        if asked.anew or asked.further or not (folder / f"{which}.pt").exists():
            train_one(of, maps, folder, which, rate=asked.rate, seed=asked.seed, further=asked.further)
