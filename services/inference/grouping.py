"""Readings in, groups out: what a model says of an instance, each statement once, with the frames that say so. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from services.inference.frames import FramesRead, Seen
from services.inference.model import Chosen, FrameReading, Observation, Scope, representative_frame
from services.inference.result import Group, Source
from services.inference.views import name_of


def groups_of(chosen: Chosen, source: Source, read: FramesRead, steady: Mapping[int, str] | None) -> list[Group]:
    """The groups of one model and instance, numbered; a router's views count on the frames where they are `steady`."""
    if chosen.card.scope is Scope.CLIP:
        spoken = read.seen
    else:
        spoken = _statements([seen for seen in read.seen if steady is None or _holds(seen, steady)])
    return [
        Group(chosen.card.name, source, seen.frames[0], seen.reading, tuple(sorted(seen.frames)), number)
        for number, seen in enumerate(spoken)
    ]


def _holds(seen: Seen, steady: Mapping[int, str]) -> bool:
    return steady.get(seen.frames[0]) == name_of(seen.reading.observation.view)


def _statements(seen: list[Seen]) -> list[Seen]:
    """Frames that say the same, as one; the frame that speaks for them first. An outline belongs to its frame alone."""
    found: dict[object, dict[int, FrameReading]] = {}
    for one in sorted(seen, key=lambda one: one.frames):
        found.setdefault(_statement(one.reading.observation), {})[one.frames[0]] = one.reading
    statements = []
    for readings in found.values():
        speaker = representative_frame(readings)
        others = () if readings[speaker].observation.contour else tuple(n for n in readings if n != speaker)
        statements.append(Seen((speaker, *others), readings[speaker]))
    return statements


def _statement(said: Observation) -> object:
    answers = () if said.contour else tuple((one.question, one.answer) for one in said.evaluations)
    return said.view, said.finding, bool(said.contour), answers
