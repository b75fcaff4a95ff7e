"""What every train.py takes on its command line."""

import argparse
import logging
from pathlib import Path

import cv2
import torch

TRAINING = Path(__file__).parents[3] / ".local" / "training"  # where networks lie: not in the project


def arguments(description: str | None, *, minutes: float, rate: float = 2e-3) -> argparse.ArgumentParser:
    """A parser of --data, --minutes, --threads, --rate and --seed, to which a model adds its own."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the data sets that the card names")
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
    """Threads, first weights, and the words of this training and the kit (the exporter has much to say)."""
    logging.basicConfig(format="%(asctime)s %(message)s")
    for name in (log, __package__):
        logging.getLogger(name).setLevel(logging.INFO)
    torch.set_num_threads(asked.threads)
    torch.manual_seed(asked.seed)
    cv2.setNumThreads(1)
