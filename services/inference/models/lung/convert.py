"""Writes the lung model as the served graph: `python -m services.inference.models.lung.convert --data FOLDER`."""

from pathlib import Path

import numpy as np
import torch

from services.inference.models.lung import train
from services.inference.models.lung.postprocess import SIGNS
from services.inference.training import command, convert, metrics
from services.inference.training.classify import Classifier
from services.inference.training.command import TRAINING
from services.inference.training.images import Sample

HERE = Path(__file__).parent


def temperature(samples: list[Sample]) -> float:
    """From the frames' answers with every patient left out in turn."""
    logits = np.load(HERE / train.LEFT_OUT)["by_patient"].astype(np.float64)
    return round(metrics.temperature(logits, np.array([SIGNS.index(train.sign_of(one) or "") for one in samples])), 4)


def main() -> None:
    asked = command.converting("lung", TRAINING / "lung")
    samples = train.load(asked.data)
    network = Classifier({"sign": SIGNS})
    network.load_state_dict(torch.load(asked.trained / "final.pt", map_location="cpu"))
    network.eval()
    convert.write(network, [temperature(samples)], asked.model, train.PICTURE, samples[::20])


if __name__ == "__main__":
    main()
