"""Writes the lung model as the served graph: `python -m services.inference.models.lung.convert --data FOLDER`."""

import argparse
import logging
from pathlib import Path

import numpy as np
import torch

from services.inference.models.lung import train
from services.inference.models.lung.postprocess import SIGNS
from services.inference.training import convert, metrics
from services.inference.training.classify import Classifier
from services.inference.training.command import TRAINING
from services.inference.training.images import Sample

HERE = Path(__file__).parent
LOG = logging.getLogger(__name__)


def temperature(samples: list[Sample]) -> float:
    """From the frames' answers with every patient left out in turn."""
    logits = np.load(HERE / train.LEFT_OUT)["by_patient"].astype(np.float64)
    return round(metrics.temperature(logits, np.array([SIGNS.index(train.sign_of(one) or "") for one in samples])), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the data sets that the card names")
    parser.add_argument("--folder", type=Path, default=TRAINING / "lung")
    parser.add_argument("--model", type=Path, default=HERE / "1" / "model.onnx")
    asked = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    LOG.setLevel(logging.INFO)  # the exporter has much to say
    torch.set_num_threads(1)
    samples = train.load(asked.data)
    heat = temperature(samples)
    network = Classifier({"sign": SIGNS})
    network.load_state_dict(torch.load(asked.folder / "final.pt", map_location="cpu"))
    network.eval()
    apart = convert.write(network, [heat], asked.model, train.PICTURE, samples[::20])
    LOG.info(f"temperature {heat}; largest difference from torch {apart:.6f}; {asked.model.stat().st_size} bytes")


if __name__ == "__main__":
    main()
