"""What every train.py, convert.py and evaluate.py takes on its command line."""

import argparse
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import torch

from services.inference.training import measure
from services.inference.training.figures import Figures

PROJECT = Path(__file__).parents[3]
TRAINING = PROJECT / ".local" / "training"  # where networks lie: not in the project
PICTURES = PROJECT / ".local" / "models"  # they show data: not in the project either


def home(model: str) -> Path:
    """Where a model lies."""
    return PROJECT / "services" / "inference" / "models" / model


def _reading(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the data sets that the card names")
    return parser


def _served(model: str, description: str) -> argparse.ArgumentParser:
    parser = _reading(description)
    parser.add_argument("--model", type=Path, default=home(model) / "1" / "model.onnx", help="the served file")
    return parser


def _tell(log: str) -> None:
    """The words of this log and the kit's are shown (the exporter has much to say)."""
    for name in (log, __package__):
        logging.getLogger(name).setLevel(logging.INFO)


def arguments(description: str | None, *, minutes: float, rate: float = 2e-3) -> argparse.ArgumentParser:
    """A parser of --data, --minutes, --threads, --rate and --seed, to which a model adds its own."""
    parser = _reading(description)
    parser.add_argument(
        "--minutes",
        type=float,
        default=minutes,
        help="for all networks together, where a model does not count its steps",
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--rate", type=float, default=rate, help="of what learns anew; what has learnt before learns slower"
    )
    parser.add_argument("--seed", type=int, default=1)
    return parser


def begin(asked: argparse.Namespace, log: str) -> None:
    """Threads, first weights, and the words of this training."""
    logging.basicConfig(format="%(asctime)s %(message)s")
    _tell(log)
    torch.set_num_threads(asked.threads)
    torch.manual_seed(asked.seed)
    cv2.setNumThreads(1)


def converting(model: str, trained: Path) -> argparse.Namespace:
    """What a convert.py was asked: `data`, `trained` (a file or a folder that the training left) and `model`; on one thread."""
    parser = _served(model, f"Writes {model}'s graph and says how far its answers are from torch's.")
    parser.add_argument("--trained", type=Path, default=trained, help=f"what make train-{model} left")
    asked = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    _tell("__main__")
    torch.set_num_threads(1)
    asked.model.parent.mkdir(parents=True, exist_ok=True)
    return asked


def measuring(model: str) -> argparse.ArgumentParser:
    """A parser of --data, --model, --pictures and --card, to which a model adds its own."""
    parser = _served(model, f"Measures the model {model}.")
    parser.add_argument("--pictures", type=Path, default=PICTURES / model, help="where pictures of mistakes are put")
    parser.add_argument("--card", action="store_true", help="write the figures into figures.json and card.yaml")
    return parser


def measured(
    model: str,
    evaluate: Callable[[argparse.Namespace], Figures],
    *,
    parser: argparse.ArgumentParser | None = None,
    networks: Sequence[Path] = (),
) -> None:
    """Print a model's figures; with --card, which needs these networks of its training, write them down."""
    parser = parser or measuring(model)
    asked = parser.parse_args()
    if asked.card and not all(network.exists() for network in networks):
        parser.error(f"the card's figures need the networks of make train-{model}")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    asked.pictures.mkdir(parents=True, exist_ok=True)
    found = evaluate(asked)
    if asked.card:
        measure.write(found, home(model))
    measure.tell(found)
