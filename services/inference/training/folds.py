"""Folds that never share a subject, and subjects found where a set names none: images that are nearly the same belong together."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from services.inference.training.picture import Pixels

Ints = npt.NDArray[np.int64]


def folds(labels: Sequence[str], subjects: Sequence[str], count: int, seed: int = 0) -> Ints:
    """The fold of each image: whole subjects, each label spread as evenly as its subjects allow; largest subjects first."""
    rng = np.random.default_rng(seed)
    names = sorted(set(labels))
    per_subject: dict[str, npt.NDArray[np.float64]] = {}
    for label, subject in zip(labels, subjects, strict=True):
        per_subject.setdefault(subject, np.zeros(len(names)))[names.index(label)] += 1
    totals = np.sum(list(per_subject.values()), 0)
    order = list(per_subject)
    rng.shuffle(order)
    order.sort(key=lambda subject: -float((per_subject[subject] / totals).max()))
    filled, place = np.zeros((count, len(names))), {}
    for subject in order:
        share = per_subject[subject] / totals
        load = ((filled / totals) * (share > 0)).sum(1) + 1e-3 * filled.sum(1) / totals.sum()
        place[subject] = int(np.argmin(load))
        filled[place[subject]] += per_subject[subject]
    return np.array([place[subject] for subject in subjects], np.int64)


def hash_of(pixels: Pixels) -> npt.NDArray[np.bool_]:
    """Perceptual hash of 256 bits: signs of the lowest 16 x 16 cosine terms about their median (Zauner 2010, pHash)."""
    small = cv2.resize(cv2.GaussianBlur(pixels, (3, 3), 0), (64, 64), interpolation=cv2.INTER_AREA)
    terms = cv2.dct(small.astype(np.float32))[:16, :16].ravel()
    return np.asarray(terms > np.median(terms[1:]))


def near_duplicates(
    pictures: Sequence[Pixels], features: npt.NDArray[np.float32], hash_bits: int = 54, cosine: float = 0.92
) -> Ints:
    """The group of each picture: joined where at most so many of the hash's 256 bits differ, or features [n, k] are that alike."""
    bits = np.stack([hash_of(picture) for picture in pictures]).astype(np.float32) * 2 - 1
    differ = (256 - bits @ bits.T) / 2
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    alike = (differ <= hash_bits) | (unit @ unit.T >= cosine)
    group = np.arange(len(pictures))
    for n in range(len(pictures)):  # single linkage: whatever chains together stays together
        members = np.isin(group, group[np.flatnonzero(alike[n])])
        group[members] = group[members].min()
    return np.asarray(np.unique(group, return_inverse=True)[1], np.int64)
