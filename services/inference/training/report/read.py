"""What the report is made of: each model's card beside its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from services.inference.training import figures
from services.inference.training.figures import Figures


class StaleFigures(Exception):
    """The figures are of another version than the card; says which and how to measure anew."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model's card and what its evaluation found."""

    name: str
    version: str
    card: Mapping[str, Any]
    figures: Figures


def read_all(folder: Path) -> tuple[list[Model], list[str]]:
    """The models with figures, by name, and the names of those without. Raises StaleFigures, or ValidationError for broken figures."""
    models, unmeasured = [], []
    for path in sorted(folder.glob("*/card.yaml")):
        card = yaml.safe_load(path.read_text(encoding="utf-8"))
        try:
            found = figures.read(path.parent)
        except FileNotFoundError:
            unmeasured.append(str(card["name"]))
            continue
        if found.version != str(card["version"]):
            raise StaleFigures(
                f"{card['name']}: the figures are of version {found.version}, the card of {card['version']}: "
                f"make evaluate-{card['name']}"
            )
        models.append(Model(str(card["name"]), str(card["version"]), card, found))
    return models, unmeasured
