"""Trains the view model: `python -m services.inference.models.view.train --data FOLDER --minutes N`."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.random import Generator

from services.inference.models.view import dataset
from services.inference.models.view.postprocess import PLANES, VIEW_NAMES
from services.inference.training import crossfit
from services.inference.training.augment import Move, another_frame, appearance, bend, move
from services.inference.training.classify import Plan
from services.inference.training.crossfit import Job
from services.inference.training.folds import folds
from services.inference.training.images import Sample
from services.inference.training.picture import Image, Picture

PICTURE = Picture(128, 160)
FOLDS = 4
BENT = 0.3  # of the views: a straight probe's picture as a curved one's, and back
MOVE = Move(turn=0.2, any_turn=0.04, size=0.2, stretch=0.08, shift=0.07, upset=0.06)
# Of a batch. Anatomies of which there are few are drawn oftener than they occur, and other machines' pictures oftener than a set's.
SHARES = {
    "fetal_brain/hc18": 0.09,
    "fetal_brain/fetal_planes": 0.005,
    "fetal_brain/trans_thalamic": 0.05,
    "fetal_brain/trans_ventricular": 0.06,
    "fetal_brain/trans_cerebellar": 0.03,
    "fetal_brain/simulated": 0.02,
    "fetal_abdomen/fetal_planes": 0.06,
    "fetal_femur/fetal_planes": 0.06,
    "fetal_thorax/fetal_planes": 0.07,
    "cervix/fetal_planes": 0.07,
    "breast/busbra": 0.1,
    "liver/liver": 0.07,
    "lung/convex": 0.06,
    "lung/linear": 0.06,
    "muscle/muscle": 0.05,
    "other_ultrasound/fetal_planes": 0.1,
    "other_ultrasound/dicom": 0.08,
    "other_ultrasound/simulated": 0.01,
    "not_ultrasound/drawn": 0.07,
    "not_ultrasound/photographs": 0.04,
    "not_ultrasound/pydicom": 0.01,
}


def group_of(sample: Sample) -> str:
    """The group of SHARES that a sample is drawn from."""
    view, plane = dataset.targets(sample)
    return f"{VIEW_NAMES[view]}/{PLANES[plane] if plane >= 0 else sample.facts.get('probe', sample.source)}"


def view(sample: Sample, rng: Generator) -> Image:
    """A random view: other borders, another placement, another machine. Source, size and print must tell nothing."""
    pixels = bend(rng, sample.pixels) if rng.random() < BENT else sample.pixels
    pixels = another_frame(rng, pixels, shape=0.4, crop=0.6)
    return appearance(rng, PICTURE.warp(pixels, move(rng, PICTURE, *pixels.shape, MOVE)), 1.2)


def plan() -> Plan:
    return Plan(PICTURE, {"view": VIEW_NAMES, "plane": PLANES}, view, dataset.targets, SHARES, views=9, steps=900)


def job(data: Path) -> Job:
    """All samples in folds that share no subject."""
    samples = dataset.load(data)
    labels = [group_of(sample) for sample in samples]
    return Job(plan(), samples, np.asarray(folds(labels, [s.subject for s in samples], FOLDS)), group_of)


def without_hc18(whole: Job) -> Job:
    """Fold 0 is all of hc18: the network learns heads from the 82 of another hospital and other machines alone."""
    return replace(whole, folds=np.array([0 if sample.source == "hc18" else 1 for sample in whole.samples]))


def without_toshiba(whole: Job) -> Job:
    """Fold 0 is the breasts of two of the four machines: the network learns breasts from GE's Logiq 5 and 7 alone."""
    left_out = [sample.facts.get("device") in ("Toshiba Aplio 300", "U-Systems") for sample in whole.samples]
    return replace(whole, folds=np.where(left_out, 0, 1))


VARIANTS = {"without_hc18": without_hc18, "without_toshiba": without_toshiba}

if __name__ == "__main__":
    crossfit.main("view", job, variants=VARIANTS)
