"""Trains the liver model: `python -m services.inference.models.liver.train --data FOLDER --minutes N`."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator

from services.inference.models.liver.postprocess import CLASSES
from services.inference.training import crossfit, images
from services.inference.training.augment import Move, another_frame, appearance, bend, move
from services.inference.training.classify import Classifier, Plan, features
from services.inference.training.crossfit import Job
from services.inference.training.folds import folds, near_duplicates
from services.inference.training.images import Sample
from services.inference.training.picture import Image, Picture

PICTURE = Picture(160, 192)
FOLDS = 3
BENT = 0.15  # of the views: as a probe of another curvature would show them
MOVE = Move(turn=0.15, size=0.15, shift=0.05)


def group_of(sample: Sample) -> str:
    return sample.label


def view(sample: Sample, rng: Generator) -> Image:
    """A random view: other borders, another placement, another machine."""
    pixels = bend(rng, sample.pixels) if rng.random() < BENT else sample.pixels
    pixels = another_frame(rng, pixels, shape=0.15, crop=0.3)
    return appearance(rng, PICTURE.warp(pixels, move(rng, PICTURE, *pixels.shape, MOVE)))


def plan() -> Plan:
    return Plan(
        picture=PICTURE,
        heads={"nature": CLASSES},
        view=view,
        targets=lambda sample: (CLASSES.index(sample.label),),
        shares={"normal": 0.25, "benign": 0.35, "malignant": 0.4},
        smoothing=0.1,
        views=9,
        steps=400,
        kept_blocks=6,
        mirrored=True,
    )


def load(data: Path) -> list[Sample]:
    """The images in the sector geometry; images that are nearly the same are one subject, for the set names no patients."""
    samples = images.boxed(images.read(data, ("liver",)))
    torch.set_num_threads(1)
    encoder = Classifier({})
    encoder.encoder.learnt_from_photographs()
    seen = features(encoder, PICTURE, samples)
    groups = near_duplicates([sample.pixels for sample in samples], np.asarray(seen, np.float32))
    return [replace(sample, subject=f"liver/{group}") for sample, group in zip(samples, groups, strict=True)]


def job(data: Path) -> Job:
    """All images in folds that share no near-duplicates."""
    samples = load(data)
    return Job(plan(), samples, folds([s.label for s in samples], [s.subject for s in samples], FOLDS), group_of)


def ungrouped(whole: Job) -> Job:
    """Folds by image, near-duplicates or not: to see what that is worth."""
    names = [sample.name for sample in whole.samples]
    return replace(whole, folds=folds([sample.label for sample in whole.samples], names, FOLDS))


if __name__ == "__main__":
    crossfit.main("liver", job, variants={"ungrouped": ungrouped})
