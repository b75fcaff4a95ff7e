"""The installed models: one folder each, with a card, the weights that the card names by digest, and how to read its outputs."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import yaml
from numpy.typing import NDArray

from services.inference.loading import load_postprocess
from services.inference.model import (
    ClipObservation,
    Geometry,
    Measurement,
    Mode,
    ModelCard,
    Observation,
    Refusal,
    Scope,
    Stage,
)
from services.inference.views import VIEWS

Outputs = Mapping[str, NDArray[Any]]


class BadModelFolder(Exception):
    """A model folder cannot be used; names the folder and what is wrong."""


_log = logging.getLogger(__name__)


class Postprocess(Protocol):
    """What every model's postprocess.py offers; pure."""

    def read(self, outputs: Outputs, rows: int, columns: int) -> Observation | Refusal:
        """What the model saw on one frame of this size, from its outputs without the leading axis; contours in pixels of that frame."""
        ...


class ClipPostprocess(Protocol):
    """What a clip model's postprocess.py offers; pure."""

    def read_clip(self, outputs: Mapping[int, Outputs], rows: int, columns: int) -> Sequence[ClipObservation] | Refusal:
        """What the model makes of all its frames of one instance (by number, from 1; a still image is one), in a fixed order."""
        ...


class Measure(Protocol):
    """What may stand beside either of them."""

    def measure(self, observation: Observation, spacing_mm: tuple[float, float]) -> tuple[Measurement, ...]:
        """The figures of an outline that need a calibration; spacing between rows and between columns in mm."""
        ...


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A card with the code that reads the model's outputs, and the whole card for people."""

    card: ModelCard
    postprocess: Any  # Postprocess or ClipPostprocess by the card's scope, and Measure where it measures
    document: Mapping[str, Any]


def read_models(folder: Path) -> Mapping[str, InstalledModel]:
    """The models in `folder`, by name; a card whose weights are not there is not installed. Raises BadModelFolder."""
    found = (read_model(card.parent) for card in sorted(folder.glob("*/card.yaml")))
    return MappingProxyType({model.card.name: model for model in found if model is not None})


def read_model(folder: Path) -> InstalledModel | None:
    """The model in this folder, which has its name, or `name@version`; None without weights. Raises BadModelFolder."""
    try:
        document = yaml.safe_load((folder / "card.yaml").read_text(encoding="utf-8"))
        weights = document["weights"]
        if not (folder / weights["file"]).exists():
            _log.warning("the model %s has no weights and is not installed", folder.name)
            return None
        digest = hashlib.sha256((folder / weights["file"]).read_bytes()).hexdigest()
        card = ModelCard(
            name=str(document["name"]),
            version=str(document["version"]),
            digest_sha256=digest,
            modalities=tuple(str(one) for one in document["modalities"]),
            body_parts=tuple(str(one) for one in document["body_parts"]),
            frame_batch=int(document.get("frame_batch", 1)),
            title_zh=str(document["title"]["zh"]),
            title_en=str(document["title"]["en"]),
            regulatory_class=str(document["regulatory"]["class"]),
            certificate=str(document["regulatory"].get("certificate") or ""),
            most=Mode(document["regulatory"]["mode"]),
            stage=Stage(document.get("stage", Stage.READ)),
            views=tuple(str(one) for one in document.get("views", ())),
            scope=Scope(document.get("scope", Scope.FRAME)),
            geometry=Geometry(document.get("geometry", Geometry.IMAGE)),
            served_as=folder.name,
            thresholds={str(name): float(value) for name, value in document.get("thresholds", {}).items()},
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise BadModelFolder(f"{folder.name}: {type(error).__name__}: {error}") from error
    if unknown := set(card.views) - set(VIEWS):
        raise BadModelFolder(f"{folder.name}: there are no such views: {', '.join(sorted(unknown))}")
    if folder.name not in (card.name, f"{card.name}@{card.version}"):
        raise BadModelFolder(
            f"{folder.name}: the card names another model, {card.name}, or another version, {card.version}"
        )
    if digest != weights["sha256"]:
        raise BadModelFolder(f"{folder.name}: the weights are not those that the card names: their SHA-256 is {digest}")
    try:
        postprocess = load_postprocess(folder)
    except Exception as error:  # whatever the folder's code does wrong is the folder's fault
        raise BadModelFolder(f"{folder.name}: postprocess.py: {type(error).__name__}: {error}") from error
    needed = "read_clip" if card.scope is Scope.CLIP else "read"
    if not hasattr(postprocess, needed):
        raise BadModelFolder(
            f"{folder.name}: postprocess.py has no {needed}, which a model of the scope {card.scope} needs"
        )
    return InstalledModel(card, postprocess, MappingProxyType(document))
