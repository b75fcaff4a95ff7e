"""Takes a usage record back by a record of its own."""

from uuid import UUID

from services.billing import metrics
from services.billing.model.usage import UsageRecord, reversal
from services.billing.service.recording import usage_message
from services.billing.store import usage as store
from services.shared.clock import Clock
from services.shared.db import Database
from services.shared.errors import Conflict, Forbidden, NotFound
from services.shared.outbox import Outbox
from services.shared.tenancy import Principal


class Corrector:
    """Reverses usage. Only who earns an amount gives it back."""

    def __init__(self, db: Database, outbox: Outbox, clock: Clock) -> None:
        self._db, self._outbox, self._clock = db, outbox, clock

    async def reverse(self, caller: Principal, usage_id: UUID, reason: str) -> UsageRecord:
        """The record's reversal, made now or before. Not yet settled, the two cancel; settled, the next close gives a credit.

        Raises NotFound, Forbidden unless the caller is the payee, Conflict for a record that is itself a reversal.
        """
        async with self._db.tenant(caller.organisation_id) as tx:
            original = await store.usage(tx, usage_id)
        if original is None:
            raise NotFound(f"there is no usage record {usage_id}")
        if original.payee_id != caller.organisation_id:
            raise Forbidden("only the organisation that earns an amount can take it back")
        if original.quantity < 0:
            raise Conflict("this record is itself a correction")
        made = reversal(original, reason)
        # The record is the requester's: the payee, authorised above, adds to it under the requester's tenancy.
        async with self._db.work("consumer", organisation_id=original.organisation_id) as tx:
            await store.lock_requester(tx, original.organisation_id)
            if not await store.insert_usage(tx, made, self._clock.now()):
                return await store.usage(tx, made.id) or made
            if not await store.cancel_open(tx, original):
                await store.open_usage(tx, made)
            await self._outbox.publish(
                tx, "usage.recorded", str(made.exam_id), made.organisation_id, usage_message(made)
            )
        metrics.CORRECTIONS.inc()
        return made
