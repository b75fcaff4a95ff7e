"""Trains the lung model: `python -m services.inference.models.lung.train --data FOLDER`.

So few clips carry one layer, not a network: the encoder stays as photographs taught it, and a regularised logistic regression reads
its vectors. That takes a minute on one core, so every patient and every source can be left out in turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from numpy.random import Generator
from torch.nn import functional

from services.inference.models.lung.postprocess import SIGNS
from services.inference.training import command, images
from services.inference.training.augment import Move, another_frame, appearance, move
from services.inference.training.classify import Classifier, features
from services.inference.training.command import TRAINING
from services.inference.training.images import Sample
from services.inference.training.picture import Image, Picture, Pixels

HERE = Path(__file__).parent
LEFT_OUT = "left_out.npz"  # what every frame was called when its patient, and its source, was left out; every figure comes from it
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
PICTURE = Picture(160, 160)
FRAMES = 12  # of a clip
VIEWS = 6  # random ones of each frame, beside the frame as it is
PENALTY = 5e-2
MOVE = Move(turn=0.08, size=0.12, shift=0.04)


def sign_of(sample: Sample) -> str | None:
    """The clip's sign: consolidation before B-lines; normal where the set calls it regular; None where it names no sign."""
    if sample.facts["kind"] != "video":
        return None
    if sample.facts["consolidations"] == "1" or sample.facts["effusion"] == "1":
        return "consolidation"
    if sample.facts["b_lines"] == "1":
        return "b_lines"
    return "normal" if sample.label == "regular" else None


def source_of(sample: Sample) -> str:
    """Who published the clip."""
    return sample.facts["from"].rstrip("/").split("/")[-1].split("#")[0]


def load(data: Path) -> list[Sample]:
    """Frames of the clips whose sign is known, in the sector geometry."""
    return images.boxed([one for one in images.lung(data, FRAMES) if sign_of(one) is not None])


def view(pixels: Pixels, rng: Generator) -> Image:
    pixels = another_frame(rng, pixels, shape=0.3, crop=0.5)
    return appearance(rng, PICTURE.warp(pixels, move(rng, PICTURE, *pixels.shape, MOVE)), 0.8)


@dataclass(frozen=True)
class Seen:
    """The encoder's vectors of each frame: as it is [n, k], and of its random views [views, n, k]; the sign's number and its clip."""

    samples: Sequence[Sample]
    plain: Floats
    varied: Floats
    signs: Ints
    clips: Ints
    encoder: Classifier


def see(samples: Sequence[Sample], seed: int = 1) -> Seen:
    """All vectors; the only slow step."""
    network = Classifier({"sign": SIGNS})
    network.encoder.learnt_from_photographs()
    rng = np.random.default_rng(seed)
    varied = []
    for _ in range(VIEWS):
        pictures = [np.asarray(255 * view(one.pixels, rng), np.uint8) for one in samples]
        moved = [
            Sample(one.name, one.source, one.subject, p, one.label) for one, p in zip(samples, pictures, strict=True)
        ]
        varied.append(features(network, PICTURE, moved))
    signs = np.array([SIGNS.index(sign_of(one) or "") for one in samples])
    clips = np.unique([one.facts["clip"] for one in samples], return_inverse=True)[1]
    return Seen(samples, features(network, PICTURE, samples), np.stack(varied), signs, clips, network)


def fit(seen: Seen, rows: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Weights [signs, k] and biases of the logistic regression on these frames; every sign and every clip weighs the same."""
    x = torch.from_numpy(np.concatenate([seen.plain[rows], *seen.varied[:, rows]]))
    y = torch.from_numpy(np.tile(seen.signs[rows], 1 + VIEWS))
    clips = np.tile(seen.clips[rows], 1 + VIEWS)
    of_clip = 1 / np.bincount(clips)[clips]
    weight = torch.from_numpy(of_clip / np.bincount(y.numpy(), of_clip, len(SIGNS))[y.numpy()])
    middle, spread = x.mean(0), x.std(0) + 0.05
    x = (x - middle) / spread
    layer = torch.zeros(len(SIGNS), x.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([layer], max_iter=60, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        solver.zero_grad()
        each = functional.cross_entropy(x @ layer[:, :-1].T + layer[:, -1], y, reduction="none")
        loss = (each * weight).sum() / weight.sum() + PENALTY * (layer[:, :-1] ** 2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    solver.step(closure)  # type: ignore[no-untyped-call]
    w, b = layer[:, :-1].detach() / spread, layer[:, -1].detach()
    return w.numpy(), (b - w @ middle).numpy()


def left_out(seen: Seen, groups: Sequence[str], asked: Sequence[Sample] = ()) -> Floats:
    """Logits [n, signs] of each frame, or of what was asked in its stead, from the regression that never saw its group."""
    vectors = features(seen.encoder, PICTURE, asked) if asked else seen.plain
    logits = np.zeros((len(seen.samples), len(SIGNS)))
    for group in sorted(set(groups)):
        out = np.array([one == group for one in groups])
        weights, bias = fit(seen, ~out)
        logits[out] = vectors[out] @ weights.T + bias
    return logits


def main() -> None:
    parser = command.arguments(__doc__, minutes=0)
    parser.add_argument("--folder", type=Path, default=TRAINING / "lung")
    asked = parser.parse_args()
    command.begin(asked, __name__)
    asked.folder.mkdir(parents=True, exist_ok=True)
    seen = see(load(asked.data))
    weights, bias = fit(seen, np.ones(len(seen.samples), bool))
    with torch.no_grad():
        seen.encoder.heads["sign"].weight.copy_(torch.from_numpy(weights))
        seen.encoder.heads["sign"].bias.copy_(torch.from_numpy(bias))
    torch.save(seen.encoder.state_dict(), asked.folder / "final.pt")
    by_patient = left_out(seen, [one.subject for one in seen.samples])
    by_source = left_out(seen, [source_of(one) for one in seen.samples])
    np.savez_compressed(
        HERE / LEFT_OUT, by_patient=by_patient.astype(np.float32), by_source=by_source.astype(np.float32)
    )


if __name__ == "__main__":
    main()
