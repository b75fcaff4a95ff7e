"""What ingest asks of its copy of the directory, kept for a few seconds so that not every instance asks again."""

import time
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sonobridge.directory.v1 import directory_pb2

from services.ingest.model.exam import DEFAULT_QUIET, Agreement
from services.shared.directory_copy import DirectoryCopy
from services.shared.errors import Unavailable

_FRESH_SECONDS = 3.0


@dataclass(frozen=True)
class Organisation:
    """A hospital as taking exams in needs it."""

    id: UUID
    alias: str
    time_zone: str
    quiet: timedelta


class Directory:
    """Organisations, agreements and devices by the copy."""

    def __init__(self, copy: DirectoryCopy) -> None:
        self._copy = copy
        self._organisations: dict[UUID, tuple[float, Organisation]] = {}

    async def organisation(self, organisation_id: UUID) -> Organisation:
        """Raises Unavailable while the copy does not have it."""
        noted_at, found = self._organisations.get(organisation_id, (float("-inf"), None))
        if found is None or time.monotonic() - noted_at > _FRESH_SECONDS:
            message = await self._copy.organisation(organisation_id)
            if message is None:
                raise Unavailable("the directory has not yet told of this organisation; try again shortly")
            found = _organisation(message)
            self._organisations[organisation_id] = (time.monotonic(), found)
        return found

    async def organisation_by_alias(self, alias: str) -> Organisation | None:
        """The organisation that calls itself so, if any does."""
        message = await self._copy.organisation_by_alias(alias)
        return _organisation(message) if message else None

    async def organisation_of_device(self, ae_title: str) -> Organisation | None:
        """Whose device calls itself so; None when nobody's that may send."""
        device = await self._copy.device_by_ae_title(ae_title)
        message = await self._copy.organisation(UUID(device.organisation_id)) if device else None
        return _organisation(message) if message and message.active else None

    async def agreement(self, requester_id: UUID, modality: str, body_part: str, on: date) -> Agreement | None:
        """The agreement version in force for the exam."""
        found = await self._copy.agreement_in_force(requester_id, modality, body_part, on)
        if found is None:
            return None
        return Agreement(
            id=UUID(found.id),
            version=found.version,
            reader_id=UUID(found.reader_id),
            consent_attested=found.consent_attested,
            trial_consent_attested=found.trial_consent_attested,
        )


def _organisation(message: directory_pb2.Organisation) -> Organisation:
    quiet = message.quiet_period.ToTimedelta()
    return Organisation(UUID(message.id), message.alias, message.time_zone or "Asia/Shanghai", quiet or DEFAULT_QUIET)
