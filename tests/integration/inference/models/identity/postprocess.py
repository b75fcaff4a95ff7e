"""Reads the identity model's frames: a bright blob is a head, as long and as wide as its box."""

import numpy as np

from services.inference.model import Code, Measurement, Observation, Refusal

_PLANE = Code("279141000", "SCT", "Fetal head")


def read(outputs, rows, columns):  # type: ignore[no-untyped-def]
    bright = outputs["SAME"] > 128
    if not bright.any():
        return Refusal("no_head", "No head is seen.")
    ys, xs = np.where(bright.any(axis=1))[0], np.where(bright.any(axis=0))[0]
    left, top, right, bottom = float(xs[0]), float(ys[0]), float(xs[-1] + 1), float(ys[-1] + 1)
    contour = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Observation(float(outputs["SAME"].max()) / 2.55, _PLANE, contour)


def measure(observation, spacing_mm):  # type: ignore[no-untyped-def]
    (left, top), _, (right, bottom), _ = observation.contour
    width = (right - left) * spacing_mm[1]
    circumference = 2 * (width + (bottom - top) * spacing_mm[0])
    age = Code("18185-9", "LN", "Gestational Age")
    hadlock = Code("11932-1", "LN", "Gestational age by Hadlock")
    outer = Code("outer-to-outer", "99SONOBRIDGE", "Outer to outer")
    return (
        Measurement(
            Code("11984-2", "LN", "Head Circumference"), circumference, "mm", circumference, circumference, "box"
        ),
        Measurement(
            Code("11820-8", "LN", "Biparietal Diameter"), width, "mm", width, width, "box", outer, "outer to outer"
        ),
        Measurement(age, circumference / 2, "d", circumference / 2 - 9, circumference / 2 + 9, "half of it", hadlock),
    )
