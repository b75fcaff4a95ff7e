"""Which reading models see which frames: the view calls them, Body Part Examined where no view is sure. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from services.inference.model import Plan
from services.inference.views import VIEWS, contradicts

# On a clip a view holds where so many frames in a row say it: one stray frame of a sweep calls nobody.
STEADY_FRAMES = 3


def steady(views: Mapping[int, str], frames: int) -> dict[int, str]:
    """The views by frame (from 1) that hold for STEADY_FRAMES in a row, or for all of a shorter clip."""
    needed = min(STEADY_FRAMES, frames)
    kept: dict[int, str] = {}
    run: list[int] = []
    for number in [*sorted(views), frames + 2]:
        if run and (number != run[-1] + 1 or views.get(number) != views[run[-1]]):
            if len(run) >= needed:
                kept |= {one: views[one] for one in run}
            run = []
        run.append(number)
    return kept


def called(plan: Plan, views: Mapping[int, str], frames: int) -> dict[str, list[int]]:
    """The frames of an instance that each reading model sees, by the model's key; a model that is not called is not in it.

    `views` are the steady ones. Where they name nothing, the exam's body part decides for all frames; so does a body part that is named
    where the views say only that it is none of the anatomies that are known.
    """
    everything = list(range(1, frames + 1))
    named = any(view != "other_ultrasound" or not plan.body_part for view in views.values())
    wanted: dict[str, list[int]] = {}
    for chosen in plan.readers:
        if plan.router is not None and named and chosen.card.views:
            wanted[chosen.key] = [number for number in everything if views.get(number) in chosen.card.views]
        elif chosen.by_body_part:
            wanted[chosen.key] = everything
    return {key: numbers for key, numbers in wanted.items() if numbers}


def contradicting_view(body_part: str, views: Mapping[int, str]) -> str:
    """The view that most frames show, where the exam says another anatomy; else empty."""
    if not views:
        return ""
    counted = Counter(views.values())
    view = max(counted, key=lambda name: (counted[name], -list(VIEWS).index(name)))
    return view if contradicts(view, body_part) else ""
