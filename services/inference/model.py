"""What inference knows: codes, readings, model cards, the gate, and the states of an analysis. Pure: no I/O."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

# Names the ids that this service derives; drawn once with uuid4.
NAMESPACE = uuid.UUID("5f1d8a5e-0f3a-4f0e-9c38-1b5f5c1a7d42")


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept: PS3.3 section 8.8 triplet."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured value with its interval (lower = upper = value when there is none); unit in UCUM: mm, d, %."""

    code: Code
    value: float
    unit: str
    lower: float
    upper: float
    method: str  # the formula's citation, or how the calipers lie
    method_code: Code | None = None
    derivation: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A coded answer to a coded question; no answer where it cannot be judged, and `why`."""

    question: Code
    answer: Code | None
    certainty_percent: float | None = None
    source: str = ""  # the published criterion, or what the answer is read from
    why: str = ""  # it cannot be judged
    hint: bool = False  # shown beside the findings, as a plane's criteria are; no expert must decide it


@dataclass(frozen=True, slots=True)
class Observation:
    """What a model saw on one frame: how sure, which view, what lies there, and what it makes of it."""

    certainty_percent: float
    view: Code | None = None  # plane or anatomy; None of a model that does not ask for it
    contour: tuple[
        tuple[float, float], ...
    ] = ()  # closed polygon of (column, row); 0.5 = centre of the first, PS3.3 C.18.6.1.1
    figures: tuple[Measurement, ...] = ()  # that need no calibration
    evaluations: tuple[Evaluation, ...] = ()
    finding: Code | None = None  # what is found, where it is something else than the view's anatomy


@dataclass(frozen=True, slots=True)
class ClipObservation:
    """What a model makes of a clip, and the frames (from 1) that decided it, the most telling first; its contour lies on that one."""

    observation: Observation
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a model says nothing of a frame or clip: a name for programs, a sentence for people in both languages."""

    name: str
    reason: str
    reason_zh: str = ""


@dataclass(frozen=True, slots=True)
class FrameReading:
    """An observation with all its figures; `uncalibrated` says why those that need a calibration are missing."""

    observation: Observation
    measurements: tuple[Measurement, ...] = ()
    uncalibrated: str = ""


class Stage(enum.StrEnum):
    """When a model sees a frame."""

    SCREEN = "screen"  # before all others, every frame
    READ = "read"  # what a view or the exam's body part calls it for


class Scope(enum.StrEnum):
    """What a model answers for."""

    FRAME = "frame"
    CLIP = "clip"  # all frames of an instance together


class Geometry(enum.StrEnum):
    """What a model sees of a frame."""

    IMAGE = "image"
    SECTOR = "sector"  # the sector's box alone, black outside the sector


class Mode(enum.StrEnum):
    """How the gate lets a model through."""

    APPROVED = "approved"
    TRIAL = "trial"
    SHADOW = "shadow"

    def beyond(self, most: Mode) -> bool:
        """Whether this shows more than `most`: approved more than trial, trial more than shadow."""
        order = list(Mode)
        return order.index(self) < order.index(most)


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The part of a model's card that decides: identity and where it fits."""

    name: str
    version: str
    digest_sha256: str
    modalities: tuple[str, ...]
    body_parts: tuple[str, ...]  # "*" any, "" an exam that names none
    frame_batch: int
    title_zh: str
    title_en: str
    regulatory_class: str
    certificate: str
    most: Mode = Mode.SHADOW  # how far the card lets the model go, whatever an agreement says
    stage: Stage = Stage.READ
    views: tuple[str, ...] = ()  # a reading model: that call it; a screening one: that it tells apart
    scope: Scope = Scope.FRAME
    geometry: Geometry = Geometry.IMAGE
    thresholds: Mapping[str, float] = field(default_factory=dict, hash=False)
    served_as: str = ""  # in Triton, where that is not its own name

    @property
    def in_triton(self) -> str:
        """The name by which Triton serves this version."""
        return self.served_as or self.name

    def fits_modality(self, modality: str) -> bool:
        return modality.upper() in self.modalities

    def fits(self, modality: str, body_part: str) -> bool:
        """Whether the model is meant for exams of this modality and Body Part Examined."""
        parts = {part.upper() for part in self.body_parts}
        return self.fits_modality(modality) and ("*" in parts or body_part.strip().upper() in parts)


@dataclass(frozen=True, slots=True)
class Permission:
    """What an agreement says of a model."""

    model: str
    mode: Mode
    certificate: str = ""
    ethics_protocol: str = ""

    def within(self, card: ModelCard) -> Permission:
        """What of it holds for this version of the model: none whose card says shadow leaves it. A certificate may come after a card that
        says trial; the agreement that names it answers for it, and what goes beyond a card is told."""
        return replace(self, mode=Mode.SHADOW, certificate="") if card.most is Mode.SHADOW else self


@dataclass(frozen=True, slots=True)
class ExamFacts:
    """What the rules look at."""

    modality: str
    body_part: str
    instances_with_frames: int
    trial_consent: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """A model that passed the gate, with what its results must say."""

    card: ModelCard
    mode: Mode
    ethics_protocol: str = ""
    certificate: str = ""
    by_body_part: bool = True  # whether Body Part Examined would call it, were there no view

    @property
    def key(self) -> str:
        """Names it among the models of a plan."""
        return self.card.name

    @property
    def shown(self) -> bool:
        """Whether people may see the results; a shadow model's are never shown."""
        return self.mode is not Mode.SHADOW


class Rule(enum.StrEnum):
    """Why an exam is not analysed; the names appear in `analysis.skipped`."""

    NO_AGREEMENT = "no_agreement"
    NO_CONSENT = "no_consent"
    NO_IMAGES = "no_images"
    NO_MODEL_IN_AGREEMENT = "no_model_in_agreement"
    MODEL_NOT_INSTALLED = "model_not_installed"
    MODEL_VERSION_NOT_INSTALLED = "model_version_not_installed"
    MODALITY_OR_BODY_PART = "modality_or_body_part"
    APPROVED_WITHOUT_CERTIFICATE = "approved_without_certificate"
    TRIAL_WITHOUT_PROTOCOL = "trial_without_protocol"
    TRIAL_WITHOUT_CONSENT = "trial_without_consent"
    SHADOW_ONLY = "shadow_only"


REASONS: Mapping[Rule, str] = {
    Rule.NO_AGREEMENT: "No agreement covers the exam, so none permits a model.",
    Rule.NO_CONSENT: "The patient's consent to remote reading is not recorded, so the exam does not cross to a reader.",
    Rule.NO_IMAGES: "The exam holds no instance with frames.",
    Rule.NO_MODEL_IN_AGREEMENT: "The agreement permits no model.",
    Rule.MODEL_NOT_INSTALLED: "The agreement permits a model that is not installed: {model}.",
    Rule.MODEL_VERSION_NOT_INSTALLED: "The hospital is pinned to a version that is not installed: {model}. An operator promotes another.",
    Rule.MODALITY_OR_BODY_PART: "The permitted model is not meant for this modality and body part: {model}.",
    Rule.APPROVED_WITHOUT_CERTIFICATE: "The agreement names no regulatory certificate for the approved model {model}.",
    Rule.TRIAL_WITHOUT_PROTOCOL: "The agreement names no ethics protocol for the trial of {model}.",
    Rule.TRIAL_WITHOUT_CONSENT: "The patient's consent to the trial of {model} is not recorded.",
    Rule.SHADOW_ONLY: "Only models in shadow mode are permitted; their results are not shown.",
}

# When several permitted models are refused, the rule that is nearest to running says most.
_NEAREST_FIRST = (
    Rule.TRIAL_WITHOUT_CONSENT,
    Rule.TRIAL_WITHOUT_PROTOCOL,
    Rule.APPROVED_WITHOUT_CERTIFICATE,
    Rule.MODALITY_OR_BODY_PART,
    Rule.MODEL_NOT_INSTALLED,
)


@dataclass(frozen=True, slots=True)
class Skip:
    """The rule that said no, and a sentence for people."""

    rule: Rule
    model: str = ""

    @property
    def reason(self) -> str:
        return REASONS[self.rule].format(model=self.model)


@dataclass(frozen=True, slots=True)
class Plan:
    """The models to run, in the order of their names, and the body part that the exam names."""

    models: tuple[Chosen, ...]
    body_part: str = ""

    @property
    def screens(self) -> tuple[Chosen, ...]:
        """Those that see every frame first."""
        return tuple(chosen for chosen in self.models if chosen.card.stage is Stage.SCREEN)

    @property
    def readers(self) -> tuple[Chosen, ...]:
        """Those that see what they are called for."""
        return tuple(chosen for chosen in self.models if chosen.card.stage is Stage.READ)

    @property
    def router(self) -> Chosen | None:
        """The model whose views call the reading ones; one in the shadow calls nobody."""
        return next((chosen for chosen in self.screens if chosen.card.views and chosen.shown), None)

    @property
    def investigational(self) -> bool:
        return any(chosen.mode is Mode.TRIAL for chosen in self.models)

    @property
    def shown(self) -> tuple[Chosen, ...]:
        return tuple(chosen for chosen in self.models if chosen.shown)


def gate(permission: Permission, exam: ExamFacts) -> Rule | None:
    """The regulatory gate: None lets the model run."""
    if permission.mode is Mode.APPROVED and not permission.certificate:
        return Rule.APPROVED_WITHOUT_CERTIFICATE
    if permission.mode is Mode.TRIAL and not permission.ethics_protocol:
        return Rule.TRIAL_WITHOUT_PROTOCOL
    if permission.mode is Mode.TRIAL and not exam.trial_consent:
        return Rule.TRIAL_WITHOUT_CONSENT
    return None


def choose(exam: ExamFacts, permissions: Sequence[Permission], cards: Mapping[str, ModelCard]) -> Plan | Skip:
    """The models that agreement, exam and gate allow, or the rule that allows none."""
    if exam.instances_with_frames == 0:
        return Skip(Rule.NO_IMAGES)
    if not permissions:
        return Skip(Rule.NO_MODEL_IN_AGREEMENT)
    chosen: dict[str, Chosen] = {}
    on_call: dict[str, Chosen] = {}  # run where a view calls them, though the exam's body part does not
    refused: dict[Rule, str] = {}
    for permission in permissions:
        card = cards.get(permission.model)
        if card is None:
            refused.setdefault(Rule.MODEL_NOT_INSTALLED, permission.model)
        elif not card.fits_modality(exam.modality) or not (card.views or card.fits(exam.modality, exam.body_part)):
            refused.setdefault(Rule.MODALITY_OR_BODY_PART, permission.model)
        elif rule := gate(held := permission.within(card), exam):
            refused.setdefault(rule, permission.model)
        else:
            fits = card.stage is Stage.SCREEN or card.fits(exam.modality, exam.body_part)
            among = chosen if fits else on_call
            among[card.name] = Chosen(card, held.mode, held.ethics_protocol, held.certificate, fits)
    plan = Plan(tuple(chosen[name] for name in sorted(chosen)), exam.body_part)
    if plan.router is not None:
        chosen |= on_call
        return Plan(tuple(chosen[name] for name in sorted(chosen)), exam.body_part)
    if chosen:
        return plan
    for name in on_call:
        refused.setdefault(Rule.MODALITY_OR_BODY_PART, name)
    rule = next(rule for rule in _NEAREST_FIRST if rule in refused)
    return Skip(rule, refused[rule])


class State(enum.StrEnum):
    """Where an analysis stands."""

    STARTED = "started"  # the plan is committed; frames may be read
    INFERRED = "inferred"  # the result is recorded; everything that follows is written from the record
    COMPLETED = "completed"
    SKIPPED = "skipped"
    FAILED = "failed"

    @property
    def finished(self) -> bool:
        return not _NEXT[self]


_NEXT: Mapping[State, frozenset[State]] = {
    State.STARTED: frozenset({State.INFERRED, State.SKIPPED}),
    State.INFERRED: frozenset({State.COMPLETED, State.FAILED, State.SKIPPED}),
    State.COMPLETED: frozenset(),
    State.SKIPPED: frozenset(),
    State.FAILED: frozenset(),
}


class IllegalTransition(Exception):
    """An analysis was asked to go where its state table has no way."""


def advance(state: State, to: State) -> State:
    """The new state; raises IllegalTransition."""
    if to not in _NEXT[state]:
        raise IllegalTransition(f"{state} -> {to}")
    return to


def analysis_id(exam_id: uuid.UUID, revision: int, versions: Iterable[str]) -> uuid.UUID:
    """Derived from exam, revision and model versions ("name:version:mode"), so that a second run is the same analysis."""
    return uuid.uuid5(NAMESPACE, f"analysis/{exam_id}/{revision}/{','.join(sorted(versions))}")


def finding_id(
    analysis: uuid.UUID, model: str, code: Code, sop_instance_uid: str, frame: int, *further: str
) -> uuid.UUID:
    """Derived from analysis, model, code and anchor, and from what else tells it from its neighbours."""
    parts = (f"{code.scheme}:{code.value}", sop_instance_uid, str(frame), *further)
    return uuid.uuid5(NAMESPACE, f"finding/{analysis}/{model}/{'/'.join(parts)}")


def derived_uid(*parts: object) -> str:
    """A DICOM UID derived from its parts; PS3.5 B.2 form 2.25.<UUID as integer>."""
    return f"2.25.{uuid.uuid5(NAMESPACE, '/'.join(str(part) for part in parts)).int}"


# Frames whose certainty is within this many points of the clip's best are taken as equally good views.
EQUALLY_GOOD_POINTS = 5.0


def representative_frame(readings: Mapping[int, FrameReading]) -> int:
    """The frame that speaks for a clip, so that contour and figures belong together: of the frames within 5 points of the
    best certainty (measured ones before unmeasured), the one with the median first measurement (lower median; earliest on ties)."""
    measured = {frame: reading for frame, reading in readings.items() if reading.measurements} or dict(readings)
    best = max(reading.observation.certainty_percent for reading in measured.values())
    good = [
        (reading.measurements[0].value if reading.measurements else 0.0, frame)
        for frame, reading in measured.items()
        if reading.observation.certainty_percent >= best - EQUALLY_GOOD_POINTS
    ]
    ordered = sorted(good)
    return ordered[(len(ordered) - 1) // 2][1]
