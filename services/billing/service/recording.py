"""Turns what happened to an exam into its usage records, once."""

import logging
from collections.abc import Callable
from uuid import UUID

from sonobridge.billing.v1 import events_pb2
from sonobridge.directory.v1 import directory_pb2

from services.billing import decode, metrics
from services.billing.model.agreement import (
    AgreementVersion,
    PricedItem,
    Unbillable,
    analysis_items,
    report_items,
    version_in_force,
)
from services.billing.model.fact import Crossing, Fact
from services.billing.model.usage import UsageRecord, record
from services.billing.store import usage as store
from services.shared import crash
from services.shared.clock import Clock
from services.shared.db import Database
from services.shared.directory_copy import DirectoryCopy
from services.shared.errors import Unavailable
from services.shared.events import Event
from services.shared.kafka import first_time
from services.shared.outbox import Outbox

_log = logging.getLogger(__name__)
CONSUMER = "billing"

Due = Callable[[AgreementVersion, UUID], list[PricedItem]]


class Recorder:
    """Records usage under the requester's tenancy: the event's id, its facts and the records in one transaction."""

    def __init__(self, db: Database, directory: DirectoryCopy, outbox: Outbox, clock: Clock) -> None:
        self._db, self._directory, self._outbox, self._clock = db, directory, outbox, clock

    async def exam(self, event: Event, fact: Fact) -> None:
        """Note an exam; nothing is due for it yet."""
        await self._record(event, fact, [])

    async def report(self, event: Event, fact: Fact) -> None:
        """Charge for a signed report; an addendum finds it charged. Raises Unbillable, Unavailable."""
        await self._record(event, fact, await self._due(fact, report_items))

    async def analysis(self, event: Event, fact: Fact) -> None:
        """Charge for the models that answered; an analysis of a later revision finds it charged. Raises Unbillable, Unavailable."""
        await self._record(
            event, fact, await self._due(fact, lambda version, platform: analysis_items(version, fact.runs, platform))
        )

    async def _due(self, fact: Fact, due: Due) -> list[PricedItem]:
        if fact.crossing is None:
            return []
        platform = await self._directory.platform()
        if platform is None:
            raise Unavailable("the copy of the directory does not know the platform's own organisation yet")
        return due(await self._agreement(fact, fact.crossing), UUID(platform.id))

    async def _agreement(self, fact: Fact, crossing: Crossing) -> AgreementVersion:
        """The version in force on the service date.

        The copy may lag behind the event: then Unavailable makes the consumer start again from this event until the copy has it.
        """
        named = await self._directory.agreement(crossing.agreement_id, crossing.agreement_version)
        if named is None:
            raise Unavailable(
                f"agreement {crossing.agreement_id} version {crossing.agreement_version} is not in the copy of the directory yet"
            )
        messages: list[directory_pb2.Agreement] = await self._directory.agreements_of(fact.organisation_id)
        versions = [decode.agreement(one) for one in messages if one.id == named.id]
        found = version_in_force(versions, fact.service_date)
        if found is None:
            raise Unbillable(
                f"agreement {named.number} has no version of {fact.organisation_id} in force on {fact.service_date}"
            )
        return found

    async def _record(self, event: Event, fact: Fact, items: list[PricedItem]) -> None:
        recorded = 0
        async with self._db.work("consumer", organisation_id=fact.organisation_id) as tx:
            if not await first_time(tx, CONSUMER, event):
                return
            await store.keep_exam(tx, fact)
            await store.keep_event(tx, fact)
            for item in items:
                usage = record(item, fact.exam_id, fact.service_date, fact.trace_id)
                if await store.record_usage(tx, item, usage, self._clock.now()):
                    await self._outbox.publish(
                        tx, "usage.recorded", str(usage.exam_id), usage.organisation_id, usage_message(usage)
                    )
                    recorded += 1
            crash.point("billing.recording")
        crash.point("billing.recorded")
        metrics.USAGE_RECORDED.labels(fact.type).inc(recorded)
        metrics.USAGE_KNOWN.labels(fact.type).inc(len(items) - recorded)
        if recorded:
            _log.info("%s: %d usage records for exam %s", fact.type, recorded, fact.exam_id)


def usage_message(usage: UsageRecord) -> events_pb2.UsageRecorded:
    """A record as other services and the topic see it."""
    return events_pb2.UsageRecorded(
        usage_id=str(usage.id),
        organisation_id=str(usage.organisation_id),
        exam_id=str(usage.exam_id),
        agreement_id=str(usage.agreement_id),
        agreement_version=usage.agreement_version,
        item_code=usage.item_code,
        payer_id=str(usage.payer_id),
        payee_id=str(usage.payee_id),
        service_date=usage.service_date.isoformat(),
        quantity=usage.quantity,
        corrects_usage_id=str(usage.corrects_usage_id or ""),
        trace_id=usage.trace_id,
    )
