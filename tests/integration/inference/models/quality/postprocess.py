"""Reads the identity model's frames as a clip: dark ones have too little gain, the last row's bright pixels are text."""

import numpy as np

from services.inference.codes import BURNED_IN_TEXT, GAIN_TOO_LOW, GOOD_QUALITY, IMAGE_QUALITY, QUALITY_FINDING
from services.inference.model import ClipObservation, Evaluation, Observation


def read_clip(outputs, rows, columns):  # type: ignore[no-untyped-def]
    frames = {number: one["SAME"] for number, one in outputs.items()}
    dark = tuple(number for number, frame in frames.items() if frame.max() < 30)
    said = []
    if dark:
        said.append(ClipObservation(Observation(90.0, evaluations=(Evaluation(QUALITY_FINDING, GAIN_TOO_LOW),)), dark))
    else:
        said.append(
            ClipObservation(Observation(90.0, evaluations=(Evaluation(IMAGE_QUALITY, GOOD_QUALITY),)), tuple(frames))
        )
    first = min(frames)
    if frames[first][-1].max() > 200:
        across = np.where(frames[first][-1] > 200)[0]
        left, right = float(across[0]), float(across[-1] + 1)
        box = ((left, rows - 1.0), (right, rows - 1.0), (right, float(rows)), (left, float(rows)))
        text = Observation(99.0, contour=box, evaluations=(Evaluation(QUALITY_FINDING, BURNED_IN_TEXT),))
        said.append(ClipObservation(text, (first,)))
    return said
