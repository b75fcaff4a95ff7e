"""Readings in, groups out: what a model says of an instance, each statement once, with the frames that say so. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from services.inference.frames import FramesRead, Seen
from services.inference.model import Chosen, FrameReading, Observation, Refusal, Scope, representative_frame
from services.inference.result import Group, Silence, Source
from services.inference.views import name_of

NOT_STEADY = Refusal("not_steady", "The view does not last over enough frames.", "切面持续帧数不足，不予认定。")


def lasting(read: FramesRead, steady: Mapping[int, str]) -> FramesRead:
    """Of a router's views those that are `steady`: the others count as not said."""
    held = [seen for seen in read.seen if _holds(seen, steady)]
    fleeting = Counter({NOT_STEADY: len(read.seen) - len(held)})
    return FramesRead(held, read.nothing + fleeting)


def groups_of(chosen: Chosen, source: Source, read: FramesRead) -> list[Group]:
    """The groups of one model and instance, numbered."""
    spoken = read.seen if chosen.card.scope is Scope.CLIP else _statements(read.seen)
    return [
        Group(chosen.card.name, source, seen.frames[0], seen.reading, tuple(sorted(seen.frames)), number)
        for number, seen in enumerate(spoken)
    ]


def silences_of(chosen: Chosen, source: Source, read: FramesRead) -> list[Silence]:
    """Of how many frames of the instance the model says nothing, the commonest reason first."""
    reasons = sorted(read.nothing.items(), key=lambda one: (-one[1], one[0].name))
    return [Silence(chosen.card.name, source, why.name, why.reason, why.reason_zh, count) for why, count in reasons]


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
