"""Writes trained weights as the served graph, its chances calibrated on the validation part, and checks that both agree within 1e-3.

`python -m services.inference.models.quality.convert --data FOLDER`
"""

import logging
from collections.abc import Sequence

import numpy as np
import torch

from services.inference.models.quality import dataset
from services.inference.models.quality.dataset import PICTURE, Source
from services.inference.models.quality.faults import FAULTS, FAULTY, GRADES
from services.inference.models.quality.network import Quality, Served
from services.inference.training import command, convert, metrics
from services.inference.training.command import TRAINING
from services.inference.training.export import export, halve, letterbox
from services.inference.training.metrics import Floats
from services.inference.training.picture import Pixels
from services.inference.training.served import Served as Running

OUTPUTS = ("faults", "strength", "text", "pattern")
COMPARED = 40
PER_SET = 40  # pictures of a set for calibration
ALARMS = 0.02  # of good pictures may be called faulty
MISSED = 0.05  # of faulty ones may be called good
LOG = logging.getLogger(__name__)


def some(sources: Sequence[Source], part: str, per_set: int) -> list[Source]:
    """Pictures of a part, at most so many of a set, always the same."""
    rng = np.random.default_rng(0)
    chosen: list[Source] = []
    left: dict[str, int] = {}
    for n in rng.permutation(len(sources)):
        name = sources[n].sample.source
        if sources[n].sample.part == part and left.setdefault(name, per_set) > 0:
            left[name] -= 1
            chosen.append(sources[n])
    return chosen


def graded(sources: Sequence[Source]) -> tuple[list[Pixels], Floats]:
    """Each picture as it is and with each fault at each grade, and the strengths [n, faults]."""
    pictures, strengths = [], []
    for seed, source in enumerate(sources):
        pictures.append(source.sample.pixels)
        strengths.append(np.zeros(len(FAULTS)))
        for fault, name in enumerate(FAULTS):
            for grade in GRADES:
                pictures.append(dataset.harmed(source, name, grade, seed))
                strengths.append(grade * np.eye(len(FAULTS))[fault])
    return pictures, np.stack(strengths)


def logits(run: Running, pictures: Sequence[Pixels]) -> Floats:
    """Of the faults, [n, faults], from a graph that was written uncalibrated."""
    chances = np.clip(np.stack([run(pixels)["faults"] for pixels in pictures]).astype(np.float64), 1e-7, 1 - 1e-7)
    return np.log(chances / (1 - chances))


def calibrate(run: Running, sources: Sequence[Source]) -> tuple[list[float], list[float]]:
    """Slopes and offsets; says from which chance on few good pictures are called faulty, and up to which few faulty ones good."""
    pictures, strengths = graded(some(sources, "validation", PER_SET))
    scores, slopes, offsets = logits(run, pictures), [], []
    good = (strengths == 0).all(1)
    for n, name in enumerate(FAULTS):
        known = (strengths[:, n] == 0) | (strengths[:, n] >= FAULTY)
        bad = strengths[:, n] >= FAULTY
        slope, offset = metrics.platt(scores[known, n], bad[known].astype(float))
        chances = 1 / (1 + np.exp(-(slope * scores[:, n] + offset)))
        present, absent = np.quantile(chances[good], 1 - ALARMS), np.quantile(chances[bad], MISSED)
        LOG.info(
            f"{name}: slope {slope:.3f} offset {offset:.3f}; present from {present:.2f}, absent up to {absent:.2f}"
        )
        slopes.append(slope)
        offsets.append(offset)
    return slopes, offsets


def main() -> None:
    asked = command.converting("quality", TRAINING / "quality.pt")
    network = Quality().eval()
    network.load_state_dict(torch.load(asked.trained, map_location="cpu"))
    halve(network)
    sources = dataset.read(asked.data)
    export(Served(network, [1.0] * len(FAULTS), [0.0] * len(FAULTS)).eval(), asked.model, PICTURE, OUTPUTS)
    served = Served(network, *calibrate(Running(asked.model), sources)).eval()
    export(served, asked.model, PICTURE, OUTPUTS)
    run, apart = Running(asked.model), 0.0
    for source in sources[:: max(1, len(sources) // COMPARED)]:
        got = run(source.sample.pixels)
        with torch.no_grad():
            meant = served(letterbox(torch.from_numpy(source.sample.pixels)[None, :, :, None], PICTURE))
        for name, value in zip(OUTPUTS, meant, strict=True):
            levels = 255.0 if got[name].dtype == np.uint8 else 1.0
            rounding = (
                1.0 / 255 if levels > 1 else 0.0
            )  # a value at the middle between two levels may fall to either side
            gap = np.abs(value[0].double().numpy() - got[name].astype(np.float64)).max() / levels - rounding
            apart = max(apart, float(gap))
    convert.keep(asked.model, apart)


if __name__ == "__main__":
    main()
