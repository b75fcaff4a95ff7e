"""Which version of a model a hospital is shown, and which runs in its shadow: the rules by which that changes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from services.inference.model import Chosen, Mode, ModelCard, Plan
from services.shared.errors import Conflict


class Act(StrEnum):
    """What was decided about a model's versions."""

    FIRST_USE = "first_use"  # a hospital's first exam pins what is then shown
    SHADOW = "shadow"
    PROMOTE = "promote"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Pin:
    """A hospital's versions of one model; an empty text is none."""

    shown: str
    shadow: str = ""
    previous: str = ""  # where a roll-back leads
    revision: int = 0


class VersionNotInstalled(Conflict):
    """This version of the model is not installed here."""


class VersionChanged(Conflict):
    """Somebody else decided about the model meanwhile."""


class NothingToDecide(Conflict):
    """There is no version that this could lead to."""


def decide(pin: Pin, act: Act, version: str, installed: Collection[str]) -> Pin:
    """The pin after the act; the same one when nothing changes. Without a `version`, shadow ends the shadow and promote takes
    the version in the shadow. Raises VersionNotInstalled, NothingToDecide.
    """
    match act:
        case Act.SHADOW:
            changed = replace(pin, shadow="" if version == pin.shown else _present(version, installed))
        case Act.PROMOTE:
            wanted = version or pin.shadow
            if not wanted:
                raise NothingToDecide("no version runs in the shadow: say which one to promote")
            if wanted == pin.shown:
                return pin
            left = "" if pin.shadow == wanted else pin.shadow
            changed = replace(pin, shown=_present(wanted, installed), shadow=left, previous=pin.shown)
        case Act.ROLLBACK:
            if not pin.previous:
                raise NothingToDecide("there is no version that was shown before")
            left = "" if pin.shadow == pin.previous else pin.shadow
            changed = replace(pin, shown=_present(pin.previous, installed), shadow=left, previous="")
        case _:
            raise ValueError(act)
    return pin if changed == pin else replace(changed, revision=pin.revision + 1)


def _present(version: str, installed: Collection[str]) -> str:
    if version and version not in installed:
        known = ", ".join(sorted(installed)) or "none"
        raise VersionNotInstalled(f"the version {version} is not installed; installed: {known}")
    return version


def shadow_name(card: ModelCard) -> str:
    """What a version is called that runs in the shadow of another one of its model."""
    return f"{card.name}@{card.version}"


def with_shadows(plan: Plan, pins: Mapping[str, Pin], installed: Mapping[tuple[str, str], ModelCard]) -> Plan:
    """The plan, and beside each of its shown models the version that the hospital's pin has in the shadow."""
    shadows = []
    for chosen in plan.models:
        pin = pins.get(chosen.card.name)
        card = installed.get((chosen.card.name, pin.shadow)) if pin and chosen.shown else None
        if card is not None:
            shadow = replace(card, name=shadow_name(card))
            shadows.append(Chosen(shadow, Mode.SHADOW, by_body_part=chosen.by_body_part))
    return replace(plan, models=tuple(sorted((*plan.models, *shadows), key=lambda one: one.card.name)))
