"""Closes a period through an instant: rate, invoice, settle. Each step is a transaction that can be taken up again after any crash."""

import logging
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from opentelemetry.trace import Link, SpanContext, TraceFlags
from sonobridge.billing.v1 import events_pb2
from sonobridge.directory.v1 import directory_pb2

from services.billing import metrics
from services.billing.model.identifiers import invoice_id, line_id, period_id, settlement_id
from services.billing.model.ledger import invoice_postings
from services.billing.model.period import FURTHEST_AHEAD, Period, PeriodState, last_service_date
from services.billing.model.settling import Line
from services.billing.model.usage import rate
from services.billing.store import closing as store
from services.billing.store.usage import lock_requester
from services.shared import crash, telemetry
from services.shared.clock import Clock
from services.shared.db import Database
from services.shared.directory_copy import DirectoryCopy
from services.shared.errors import Conflict, Invalid, Unavailable
from services.shared.outbox import Outbox

_log = logging.getLogger(__name__)
_MOST_LINKS = 128  # OpenTelemetry's default limit of links on a span


class Closer:
    """The close. Several processes may run the same one: every step looks at the period's state first and holds it."""

    def __init__(self, db: Database, directory: DirectoryCopy, outbox: Outbox, clock: Clock) -> None:
        self._db, self._directory, self._outbox, self._clock = db, directory, outbox, clock

    async def close(self, through: datetime) -> Period:
        """Close everything through `through`; the same again changes nothing. An interrupted close is finished first.

        Raises Invalid for an instant that has no zone or lies far ahead, Conflict for one before the last close.
        """
        if through.tzinfo is None:
            raise Invalid("the instant needs its offset from UTC, e.g. 2026-11-01T00:00:00+08:00")
        if through > self._clock.now() + FURTHEST_AHEAD:
            raise Invalid(f"a period is closed at most {FURTHEST_AHEAD.days} days ahead")
        while True:
            period = await self._begin(through)
            await self._finish(period)
            if period.through == through:
                break
        async with self._db.work("close") as tx:
            closed = await store.period(tx, period.id)
        if closed is None or closed.state is not PeriodState.CLOSED:
            raise Unavailable("the close is not at its end yet; ask again")
        return closed

    async def resume(self) -> None:
        """Finish a close that a crash or an unavailable part interrupted, if there is one."""
        async with self._db.work("close") as tx:
            period = await store.open_period(tx)
        if period is not None:
            _log.info("taking up the close through %s", period.through.isoformat())
            await self._finish(period)

    async def _begin(self, through: datetime) -> Period:
        platform = await self._directory.platform()
        if platform is None:
            raise Unavailable("the copy of the directory does not know the platform's own organisation yet")
        async with self._db.work("close") as tx:
            await store.lock_periods(tx)
            last = await store.last_period(tx)
            if last is not None and last.state is not PeriodState.CLOSED:
                return last
            if closed := await store.period(tx, period_id(through)):
                return closed
            if last is not None and through < last.through:
                raise Conflict(
                    f"already closed through {last.through.isoformat()}; later usage goes into the next close",
                    closed_through=last.through.isoformat(),
                )
            return await store.begin_period(
                tx,
                UUID(platform.id),
                Period(
                    id=period_id(through),
                    through=through,
                    after=last.through if last else None,
                    state=PeriodState.RATING,
                    begun_at=self._clock.now(),
                    closed_at=None,
                    trace_id=telemetry.trace_id(),
                ),
            )

    async def _finish(self, period: Period) -> None:
        if period.state is PeriodState.CLOSED:
            return
        organisations = {UUID(one.id): one for one in await self._directory.organisations()}
        if period.state is PeriodState.RATING:
            with metrics.CLOSE_SECONDS.labels("rating").time():
                await self._rate_all(period, organisations)
                async with self._db.work("close") as tx:
                    await store.advance_period(tx, period.id, PeriodState.RATING, self._clock.now())
            crash.point("close.rated")
        with metrics.CLOSE_SECONDS.labels("invoicing").time():
            while await self._issue_next(period, organisations):
                crash.point("close.issued")
        with metrics.CLOSE_SECONDS.labels("settling").time():
            await self._settle(period, organisations)

    async def _rate_all(self, period: Period, organisations: dict[UUID, directory_pb2.Organisation]) -> None:
        requester = UUID(int=0)
        while True:
            async with self._db.work("close") as tx:
                following = await store.next_requester(tx, requester)
            if following is None:
                return
            requester = following
            await self._rate(period, _known(organisations, requester))

    async def _rate(self, period: Period, requester: directory_pb2.Organisation) -> None:
        requester_id = UUID(requester.id)
        last = last_service_date(period.through, requester.time_zone)
        async with self._db.work("close", organisation_id=requester_id) as tx:
            await lock_requester(tx, requester_id)
            if await store.hold_period(tx, period.id) is not PeriodState.RATING:
                return
            units = await store.units_to_settle(tx, requester_id, last)
            if not units:
                return
            with telemetry.tracer.start_as_current_span("rate", links=_links(unit.trace_id for unit in units)):
                await store.draft_invoices(tx, period.id, units)
                lines = [
                    Line(
                        id=line_id(unit.usage_id),
                        invoice_id=invoice_id(period.id, unit.payer_id, unit.payee_id, unit.currency),
                        unit=unit,
                        rated=rate(unit.usage_id, unit.ordinal, unit.tiers, unit.reverses_minor),
                    )
                    for unit in units
                ]
                await store.settle_units(tx, period.id, requester_id, lines)
            crash.point("close.rating")
        metrics.LINES_RATED.inc(len(units))
        if period.after is not None:
            closed_before = last_service_date(period.after, requester.time_zone)
            metrics.LINES_LATE.inc(sum(unit.service_date <= closed_before for unit in units))

    async def _issue_next(self, period: Period, organisations: dict[UUID, directory_pb2.Organisation]) -> bool:
        """Number, post and tell of one draft; False when none is left."""
        now = self._clock.now()
        async with self._db.work("close") as tx:
            if await store.hold_period(tx, period.id) is not PeriodState.INVOICING:
                return False
            draft = await store.take_draft(tx, period.id)
            if draft is None:
                return False
            payer, payee = _known(organisations, draft.payer_id), _known(organisations, draft.payee_id)
            items = await store.invoice_items(tx, draft.id)
            sequence = await store.next_sequence(tx, draft.payee_id)
            number = f"{payee.alias.upper()}-{sequence:06d}"
            total = sum(item.amount_minor for item in items)
            await store.issue_invoice(tx, draft, sequence, number, total, now, _named(payer), _named(payee))
            postings = invoice_postings(draft.payer_id, draft.payee_id, draft.currency, items)
            await store.post_invoice(tx, period.id, draft, postings, now)
            await tx.act_for(draft.payee_id)
            message = events_pb2.InvoiceIssued(
                invoice_id=str(draft.id),
                number=number,
                payer_id=str(draft.payer_id),
                payee_id=str(draft.payee_id),
                currency=draft.currency,
                total_minor=total,
            )
            message.closed_through.FromDatetime(period.through)
            await self._outbox.publish(tx, "invoice.issued", str(draft.id), draft.payee_id, message)
            crash.point("close.issuing")
        metrics.INVOICES_ISSUED.inc()
        return True

    async def _settle(self, period: Period, organisations: dict[UUID, directory_pb2.Organisation]) -> None:
        async with self._db.work("close") as tx:
            if not await store.advance_period(tx, period.id, PeriodState.INVOICING, self._clock.now()):
                return
            for sums in await store.settlement_sums(tx, period.id):
                await store.insert_settlement(
                    tx,
                    settlement_id(period.id, sums.organisation_id, sums.currency),
                    period.id,
                    sums,
                    _named(_known(organisations, sums.organisation_id)),
                )
            crash.point("close.settling")
        crash.point("close.settled")
        _log.info("closed through %s", period.through.isoformat())


def _known(organisations: dict[UUID, directory_pb2.Organisation], wanted: UUID) -> directory_pb2.Organisation:
    if wanted not in organisations:
        raise Unavailable(f"the copy of the directory does not know the organisation {wanted} yet")
    return organisations[wanted]


def _named(organisation: directory_pb2.Organisation) -> dict[str, str]:
    return {
        "alias": organisation.alias,
        "name_zh": organisation.name_zh,
        "name_en": organisation.name_en,
        "unified_social_credit_code": organisation.unified_social_credit_code,
    }


def _links(trace_ids: Iterable[str]) -> list[Link]:
    """Links to the exams' own traces."""
    links = []
    for found in sorted({one for one in trace_ids if one})[:_MOST_LINKS]:
        context = SpanContext(int(found, 16), int(found[-16:], 16) or 1, True, TraceFlags(1))
        if context.is_valid:
            links.append(Link(context))
    return links
