"""Frames that are shown again, put into real clips, and frames that follow each other truly."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from services.inference import codes
from services.inference.models.quality import postprocess
from services.inference.models.quality.screen_figures import said
from services.inference.models.quality.text_figures import mean
from services.inference.training import images, measure
from services.inference.training.figures import Figure
from services.inference.training.picture import Pixels
from services.inference.training.served import Served

CLIP_FRAMES = 40
REPEATED_EVERY = 4


def clips(data: Path) -> Iterator[tuple[str, list[Pixels]]]:
    """The first frames of every clip, by subject."""
    for row in images.rows(data / "lung" / "labels.csv"):
        if row["type"].lower() != "video":
            continue
        video = cv2.VideoCapture(str(data / "lung" / row["file"]))
        frames: list[Pixels] = []
        while len(frames) < CLIP_FRAMES and (got := video.read())[0]:
            frames.append(np.asarray(cv2.cvtColor(got[1], cv2.COLOR_BGR2GRAY), np.uint8))
        yield f"lung/{row['patient_id']}", frames


def with_clock(frame: Pixels) -> Pixels:
    """A clock in the corner, which moves on while the picture stands still."""
    printed = frame.copy()
    size = frame.shape[1] / 900
    cv2.putText(printed, "12:03:45", (4, int(30 * size)), cv2.FONT_HERSHEY_SIMPLEX, size, 255, 1, cv2.LINE_AA)
    return printed


def repeats(run: Served, data: Path) -> tuple[Figure, Figure]:
    """Frames put in twice, as they are or with a clock, and frames that follow each other truly."""
    hits, alarms = [], []
    of_hits: list[str] = []
    of_alarms: list[str] = []
    for subject, frames in clips(data):
        patterns = [np.asarray(run(frame)["pattern"], np.int16) for frame in frames]
        gaps = [postprocess.difference(*pair) for pair in itertools.pairwise(patterns)]
        known = [gap for gap in gaps if gap is not None]
        if not known or np.median(known) < 2 * postprocess.REPEATED:
            continue  # a recording that shows most frames twice itself
        alarms += [float(gap <= postprocess.REPEATED) for gap in known]
        of_alarms += [subject] * len(known)
        for frame in frames[::REPEATED_EVERY]:
            first = run(frame)
            for again in (first, run(with_clock(frame))):
                found = postprocess.read_clip({1: first, 2: again}, *frame.shape)
                hits.append(float(codes.FROZEN.meaning in said(found)))
                of_hits.append(subject)
    return (
        measure.figure("repeated frames found", mean, np.array(hits), of_hits, note="half with a clock that moved on"),
        measure.figure(
            "frames wrongly called repeated",
            mean,
            np.array(alarms),
            of_alarms,
            note="of clips whose frames differ for the most part; the bound was chosen on clips of this set",
        ),
    )
