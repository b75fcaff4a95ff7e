"""Drift: what experts made of findings is counted beside what the models said, and recent weeks are held to those before."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol
from uuid import UUID

from sonobridge.directory.v1 import directory_pb2
from sonobridge.reporting.v1 import events_pb2 as reporting_pb

from services.inference import metrics, store, watching
from services.inference.drift import BINS, Measure, Shift, Tally, Verdict, shift
from services.inference.shelf import Shelf
from services.shared.clock import Clock
from services.shared.db import Database
from services.shared.errors import SonoBridgeError
from services.shared.events import Event
from services.shared.kafka import first_time
from services.shared.tenancy import PLATFORM_ORGANISATION, Principal

_log = logging.getLogger(__name__)
CONSUMER = "inference"
OPERATOR = "operator"
# The windows of the metrics; the page may ask for others.
RECENT, REFERENCE = timedelta(days=14), timedelta(days=90)
_EVERY_SECONDS = 300.0
_REVIEWS = {
    reporting_pb.FINDING_STATE_ACCEPTED: "accepted",
    reporting_pb.FINDING_STATE_CORRECTED: "corrected",
    reporting_pb.FINDING_STATE_REJECTED: "rejected",
}


class Directory(Protocol):
    """What this asks of the directory's copy."""

    async def organisation(self, organisation_id: UUID) -> directory_pb2.Organisation | None: ...


@dataclass(frozen=True, slots=True)
class Slice:
    """Whose answers are looked at together; None: of all of them."""

    model: str
    version: str
    shown: bool
    organisation_id: UUID | None
    scanner: str | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The slices with what changed in each, between two windows of whole days in UTC."""

    reference_from: date
    recent_from: date
    until: date
    slices: dict[Slice, dict[Measure, Shift]]


class Quality:
    """Tenants see the shown answers about exams that they own or read, operators (work role `operator`) all of them."""

    def __init__(self, db: Database, directory: Directory, shelf: Shelf, clock: Clock) -> None:
        self._db, self._directory, self._shelf, self._clock = db, directory, shelf, clock

    async def signed(self, event: Event, exam_id: UUID, report: reporting_pb.ReportSigned) -> None:
        """Count what an expert made of each finding when the report was first signed; an exam that was never analysed here, or is
        another hospital's than the event's, has none. A hint that was let stand counts as accepted."""
        made = [(one.finding.model, _REVIEWS[one.state]) for one in report.findings if one.state in _REVIEWS]
        made += [(one.model, _REVIEWS[reporting_pb.FINDING_STATE_ACCEPTED]) for one in report.let_stand]
        reviews = Counter(Tally(model.name, model.version, True, Measure.REVIEW, review) for model, review in made)
        async with self._db.work("consumer", event.organisation_id) as tx:
            if not await first_time(tx, CONSUMER, event) or report.version != 1:
                return
            exam = await tx.one("select_exam_seen", organisation_id=event.organisation_id, exam_id=exam_id)
            if exam is None or exam["reader_id"] is None:
                return
            day = self._clock.now().date()
            await store.count(tx, event.organisation_id, exam["reader_id"], exam["scanner"], day, reviews)
        watching.counted(reviews, await self.alias(event.organisation_id), exam["scanner"])

    async def alias(self, organisation_id: UUID) -> str:
        """The hospital's name in metrics."""
        found = await self._directory.organisation(organisation_id)
        return found.alias if found else str(organisation_id)

    async def figures(
        self, caller: Principal, recent: timedelta, reference: timedelta, by_organisation: bool, by_scanner: bool
    ) -> Figures:
        """What changed in the caller's own slices, an operator's being everybody's."""
        is_operator = OPERATOR in caller.roles
        return await self._figures(
            None if is_operator else caller.organisation_id, recent, reference, by_organisation, by_scanner
        )

    async def _figures(
        self, tenant: UUID | None, recent: timedelta, reference: timedelta, by_organisation: bool, by_scanner: bool
    ) -> Figures:
        until = self._clock.now().date() + timedelta(days=1)
        recent_from, reference_from = until - recent, until - recent - reference
        async with self._db.tenant(tenant) if tenant else self._db.work("operator") as tx:
            rows = await tx.all("sum_tallies", recent_from=recent_from, reference_from=reference_from)
        return Figures(reference_from, recent_from, until, _slices(rows, by_organisation, by_scanner))

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the gauges of drift and of versions that are missing, until `stop`."""
        while not stop.is_set():
            try:
                await self._gauge()
            except SonoBridgeError as error:
                _log.warning("drift cannot be computed now: %s", error)
            try:
                await asyncio.wait_for(stop.wait(), _EVERY_SECONDS)
            except TimeoutError:
                continue

    async def _gauge(self) -> None:
        found = await self._figures(None, RECENT, REFERENCE, by_organisation=True, by_scanner=True)
        metrics.DRIFT.clear()
        for one, shifts in found.slices.items():
            if not one.shown or one.organisation_id is None:
                continue
            organisation = await self.alias(one.organisation_id)
            for measure, change in shifts.items():
                if change.psi is None:
                    continue
                named = watching.labels(
                    Tally(one.model, one.version, True, measure, ""), organisation, one.scanner or ""
                )
                psi = 0.0 if change.verdict is Verdict.STEADY else change.psi
                metrics.DRIFT.labels(**named, measure=measure.value).set(psi)
        async with self._db.work("operator") as tx:
            pins = await tx.all("list_all_model_versions")
        installed = self._shelf.cards
        missing = Counter(
            (row["model"], row["shown_version"])
            for row in pins
            if row["organisation_id"] != PLATFORM_ORGANISATION and (row["model"], row["shown_version"]) not in installed
        )
        metrics.VERSION_MISSING.clear()
        for (model, version), hospitals in missing.items():
            metrics.VERSION_MISSING.labels(model=model, version=version).set(hospitals)


def _slices(
    rows: Iterable[dict[str, Any]], by_organisation: bool, by_scanner: bool
) -> dict[Slice, dict[Measure, Shift]]:
    before: defaultdict[tuple[Slice, Measure], Counter[str]] = defaultdict(Counter)
    now: defaultdict[tuple[Slice, Measure], Counter[str]] = defaultdict(Counter)
    for row in rows:
        one = Slice(
            row["model"],
            row["version"],
            row["shown"],
            row["organisation_id"] if by_organisation else None,
            row["scanner"] if by_scanner else None,
        )
        key = (one, Measure(row["measure"]))
        before[key][row["bin"]] += row["reference"]
        now[key][row["bin"]] += row["recent"]
    slices: defaultdict[Slice, dict[Measure, Shift]] = defaultdict(dict)
    for one, measure in sorted(before, key=_order):
        bins = BINS[measure]
        slices[one][measure] = shift([before[one, measure][b] for b in bins], [now[one, measure][b] for b in bins])
    return dict(slices)


def _order(key: tuple[Slice, Measure]) -> tuple[str, ...]:
    one, measure = key
    return one.model, one.version, str(one.organisation_id), one.scanner or "", str(one.shown), measure
