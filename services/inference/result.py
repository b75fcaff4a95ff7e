"""The recorded result of an analysis: what the models said, enough to write SR and event from it again, byte for byte. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter

from services.inference.model import Code, FrameReading, Mode, Scope, Stage

# How a run over an exam ends. Nothing found is an answer too: the frames were read and show nothing to measure.
FINDINGS = "findings"
NOTHING_FOUND = "nothing found"
FAILED = "failed"
UNREADABLE = "unreadable"  # no image could be decoded, so the model was not asked


@dataclass(frozen=True, slots=True)
class Source:
    """The instance that a group of findings is anchored to."""

    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    object_key: str
    number_of_frames: int
    rows: int
    columns: int
    modality: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """What one model says of one instance, on the frame that speaks for it (from 1)."""

    model: str
    source: Source
    frame: int
    reading: FrameReading
    frames: tuple[int, ...] = ()  # all that say so; none of them named: `frame` alone
    number: int = 0  # among the model's groups of the instance

    @property
    def says_something(self) -> bool:
        """Whether any question was answered, or none was asked beside the view."""
        said, evaluations = self.reading.observation, self.reading.observation.evaluations
        return bool(said.contour or said.figures or not evaluations or any(one.answer for one in evaluations))

    @property
    def run(self) -> tuple[int, int]:
        """First and last of the frames in a row that say so, round the one that speaks."""
        said, first, last = {self.frame, *self.frames}, self.frame, self.frame
        while first - 1 in said:
            first -= 1
        while last + 1 in said:
            last += 1
        return first, last


@dataclass(frozen=True, slots=True)
class Silence:
    """How many frames of an image a model says nothing of, and why; without a model: no model could be asked."""

    model: str
    source: Source
    name: str
    reason: str
    reason_zh: str
    frames: int


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An image that shows another anatomy than its exam says; the image was believed."""

    sop_instance_uid: str
    body_part: str
    view: Code


@dataclass(frozen=True, slots=True)
class Run:
    """One model's run over the exam."""

    model: str
    version: str
    digest_sha256: str
    mode: Mode
    ethics_protocol: str
    certificate: str
    frames: int
    outcome: str  # FINDINGS, NOTHING_FOUND, FAILED or UNREADABLE
    seconds: float
    reason: str = ""  # why nothing was found, or why it failed
    stage: Stage = Stage.READ
    scope: Scope = Scope.FRAME
    images: int = 0  # that it was called for and that could be read

    @property
    def shown(self) -> bool:
        return self.mode is not Mode.SHADOW

    @property
    def failed(self) -> bool:
        """Whether there is no answer, be it the model's fault or the images'."""
        return self.outcome in (FAILED, UNREADABLE)


@dataclass(frozen=True, slots=True)
class Result:
    """All runs and all groups; a shadow model's groups are here to be compared and go no further."""

    runs: tuple[Run, ...]
    groups: tuple[Group, ...]
    predecessor: UUID | None = None  # the exam's latest analysis before this one that left a document
    contradictions: tuple[Contradiction, ...] = ()
    silences: tuple[Silence, ...] = ()

    @property
    def shown_runs(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.shown)

    @property
    def answering_runs(self) -> tuple[Run, ...]:
        """Of the shown ones those that the study's documents come from."""
        return tuple(run for run in self.shown_runs if not run.failed)

    @property
    def shown_groups(self) -> tuple[Group, ...]:
        """The groups that people may see and that carry figures, in a fixed order."""
        shown = {run.model for run in self.shown_runs}
        groups = [group for group in self.groups if group.model in shown]
        return tuple(sorted(groups, key=lambda one: (one.model, one.source.sop_instance_uid, one.frame, one.number)))

    @property
    def shown_silences(self) -> tuple[Silence, ...]:
        """What people may see of them."""
        shown = {"", *(run.model for run in self.shown_runs)}
        return tuple(one for one in self.silences if one.model in shown)

    @property
    def investigational(self) -> bool:
        return any(run.mode is Mode.TRIAL for run in self.runs)

    def run_of(self, model: str) -> Run:
        return next(run for run in self.runs if run.model == model)


_ADAPTER = TypeAdapter(Result)


def dump(result: Result) -> bytes:
    """As JSON."""
    return _ADAPTER.dump_json(result)


def load(data: bytes | str) -> Result:
    """From JSON; raises pydantic's ValidationError on anything else."""
    document = json.loads(data)
    for group in document.get("groups", ()) if isinstance(document, dict) else ():
        if old := group["reading"].pop("outline", None):  # as 0.1 recorded them
            group["reading"]["observation"] = old | {"view": old.pop("plane")}
    return _ADAPTER.validate_python(document)
