"""What an agreement lets billing charge, and to whom."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final
from uuid import UUID

from services.billing.model.money import MINOR_UNIT_DIGITS
from services.billing.rating import Tier, Unpriceable, price_model


class Unbillable(ValueError):
    """The event or the agreement can never give a usage record; sending it again would not help."""


class Party(Enum):
    """Who pays or earns an item."""

    REQUESTER = "requester"
    READER = "reader"
    PLATFORM = "platform"


class BillableEvent(Enum):
    """What makes an item due."""

    REPORT_SIGNED = "report.signed"
    ANALYSIS_COMPLETED = "analysis.completed"


class GateMode(Enum):
    """The mode in which a model ran."""

    APPROVED = "approved"
    TRIAL = "trial"
    SHADOW = "shadow"


@dataclass(frozen=True, slots=True)
class PriceItem:
    """One service item of a price list; `model` limits it to one model, None = any."""

    code: str
    description_zh: str
    description_en: str
    event: BillableEvent
    model: str | None
    payer: Party
    payee: Party
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class AgreementVersion:
    """One version of an agreement: in force from `valid_from` until before `valid_until`, or until a later one begins."""

    id: UUID
    version: int
    number: str
    requester_id: UUID
    reader_id: UUID
    valid_from: date
    valid_until: date | None
    currency: str
    items: tuple[PriceItem, ...]


@dataclass(frozen=True, slots=True)
class PricedItem:
    """A price item with its parties resolved; kept with the usage that it prices."""

    organisation_id: UUID
    agreement_id: UUID
    agreement_version: int
    agreement_number: str
    valid_from: date
    reader_id: UUID
    item_code: str
    description_zh: str
    description_en: str
    payer_id: UUID
    payee_id: UUID
    currency: str
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class ModelRun:
    """That a model ran on an exam, and what came of it."""

    model: str
    mode: GateMode | None
    outcome: str

    @property
    def billable(self) -> bool:
        """A model that may be shown and that gave an answer; a refusal or a shadow run is nobody's cost."""
        return self.mode in _CHARGED_MODES and self.outcome in _ANSWERS


_CHARGED_MODES: Final = frozenset({GateMode.APPROVED, GateMode.TRIAL})
_ANSWERS: Final = frozenset({"findings", "nothing found"})


def version_in_force(versions: Iterable[AgreementVersion], on: date) -> AgreementVersion | None:
    """The version of one agreement that began last, unless it has ended: then the one before does not come back."""
    begun = [version for version in versions if version.valid_from <= on]
    latest = max(begun, key=lambda version: version.version, default=None)
    return latest if latest and (latest.valid_until is None or on < latest.valid_until) else None


def report_items(agreement: AgreementVersion, platform_id: UUID) -> list[PricedItem]:
    """What a signed report makes due. Raises Unbillable."""
    due = [item for item in agreement.items if item.event is BillableEvent.REPORT_SIGNED]
    return [_priced(agreement, item, platform_id) for item in due]


def analysis_items(agreement: AgreementVersion, runs: Collection[ModelRun], platform_id: UUID) -> list[PricedItem]:
    """What a completed analysis makes due: the items of the models that answered. Raises Unbillable."""
    answered = {run.model for run in runs if run.billable}
    due = [
        item
        for item in agreement.items
        if item.event is BillableEvent.ANALYSIS_COMPLETED
        and (item.model in answered if item.model is not None else bool(answered))
    ]
    return [_priced(agreement, item, platform_id) for item in due]


def _priced(agreement: AgreementVersion, item: PriceItem, platform_id: UUID) -> PricedItem:
    where = f"item {item.code} of agreement {agreement.number} version {agreement.version}"
    organisations = {
        Party.REQUESTER: agreement.requester_id,
        Party.READER: agreement.reader_id,
        Party.PLATFORM: platform_id,
    }
    payer_id, payee_id = organisations[item.payer], organisations[item.payee]
    if payer_id == payee_id:
        raise Unbillable(f"{where}: payer and payee are the same organisation")
    if agreement.currency not in MINOR_UNIT_DIGITS:
        raise Unbillable(f"{where}: currency {agreement.currency!r} is not supported")
    try:
        price_model(item.tiers)
    except Unpriceable as error:
        raise Unbillable(f"{where}: {error}") from error
    return PricedItem(
        organisation_id=agreement.requester_id,
        agreement_id=agreement.id,
        agreement_version=agreement.version,
        agreement_number=agreement.number,
        valid_from=agreement.valid_from,
        reader_id=agreement.reader_id,
        item_code=item.code,
        description_zh=item.description_zh,
        description_en=item.description_en,
        payer_id=payer_id,
        payee_id=payee_id,
        currency=agreement.currency,
        tiers=item.tiers,
    )
