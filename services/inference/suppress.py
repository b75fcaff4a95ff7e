"""What a screening model says of pictures that are no ultrasound: of them only faults and text are worth saying. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from services.inference.codes import BURNED_IN_TEXT
from services.inference.frames import FramesRead, Seen
from services.inference.model import Refusal

NOT_ULTRASOUND = Refusal("not_ultrasound", "The picture is not an ultrasound image.", "该图像不是超声图像。")


def of_ultrasound(read: FramesRead, views: Mapping[int, str]) -> FramesRead:
    """Without the frames that the router steadily calls no ultrasound and on which no fault is found: that a photograph's gain is good
    means nothing, but a probe without contact looks like no ultrasound too. Burned-in text stays, which may name the patient on any
    picture."""
    faulty = {number for seen in read.seen if _is_fault(seen) for number in seen.frames}
    others = {number for number, view in views.items() if view == "not_ultrasound"} - faulty
    if not others:
        return read
    kept = [held for seen in read.seen if (held := _without(seen, others)).frames]
    said = {number for seen in kept for number in seen.frames}
    return FramesRead(kept, read.nothing + Counter({NOT_ULTRASOUND: len(others - said)}))


def _is_fault(seen: Seen) -> bool:
    return seen.reading.observation.finding not in (None, BURNED_IN_TEXT)


def _without(seen: Seen, others: set[int]) -> Seen:
    if seen.reading.observation.finding == BURNED_IN_TEXT:
        return seen
    return Seen(tuple(number for number in seen.frames if number not in others), seen.reading)
