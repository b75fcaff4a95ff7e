"""Each service's own copy of the directory, fed by the compacted topic, so that no request waits for the directory.

The one module here that knows a domain's messages: four services would otherwise copy it (docs/adr).
"""

from collections.abc import Callable
from datetime import date
from typing import TypeVar
from uuid import UUID

from google.protobuf.message import Message
from sonobridge.directory.v1 import directory_pb2 as pb
from sonobridge.directory.v1 import events_pb2

from services.shared.db import Database
from services.shared.events import Event
from services.shared.kafka import Poison

TOPIC = "directory.v1"

Entity = TypeVar("Entity", bound=Message)


class DirectoryCopy:
    """Reads and feeds the copy, under the work role `<service>_directory`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def organisation(self, organisation_id: UUID) -> pb.Organisation | None:
        return await self._by_key(f"organisation/{organisation_id}", pb.Organisation)

    async def organisation_by_alias(self, alias: str) -> pb.Organisation | None:
        found = await self._by_lookup("organisation", alias, pb.Organisation)
        return found[0] if found else None

    async def platform(self) -> pb.Organisation | None:
        """The platform's own organisation."""
        return next((one for one in await self._all("organisation", pb.Organisation) if one.platform), None)

    async def organisations(self) -> list[pb.Organisation]:
        return await self._all("organisation", pb.Organisation)

    async def device_by_ae_title(self, ae_title: str) -> pb.Device | None:
        """The active device with this calling AE title."""
        return next((one for one in await self._by_lookup("device", ae_title, pb.Device) if one.active), None)

    async def membership(self, organisation_id: UUID, subject: str) -> pb.Membership | None:
        """The active membership of `subject` in the organisation."""
        found = await self._by_lookup("membership", f"{organisation_id}/{subject}", pb.Membership)
        return next((one for one in found if one.active), None)

    async def agreement(self, agreement_id: UUID, version: int) -> pb.Agreement | None:
        return await self._by_key(f"agreement/{agreement_id}/{version}", pb.Agreement)

    async def agreements_of(self, requester_id: UUID) -> list[pb.Agreement]:
        """All versions of all agreements by which the requester asks for reads."""
        return await self._by_lookup("agreement", str(requester_id), pb.Agreement)

    async def agreement_in_force(
        self, requester_id: UUID, modality: str, body_part: str, on: date
    ) -> pb.Agreement | None:
        """The one agreement version that covers the service on that day; the directory keeps them from overlapping."""
        return in_force(await self.agreements_of(requester_id), modality, body_part, on)

    async def apply(self, event: Event) -> None:
        """Take a change in; the same or an older revision again changes nothing. Raises Poison for an unknown entity."""
        changed = event.decode(events_pb2.DirectoryChanged)
        match changed.WhichOneof("entity"):
            case "organisation":
                entity: Message = changed.organisation
                lookup, concerned = changed.organisation.alias, [changed.organisation.id]
                revision = changed.organisation.revision
            case "device":
                entity, lookup = changed.device, changed.device.ae_title
                concerned, revision = [changed.device.organisation_id], changed.device.revision
            case "membership":
                entity = changed.membership
                lookup = f"{changed.membership.organisation_id}/{changed.membership.subject}"
                concerned, revision = [changed.membership.organisation_id], changed.membership.revision
            case "agreement":
                entity, lookup = changed.agreement, changed.agreement.requester_id
                concerned, revision = (
                    [changed.agreement.requester_id, changed.agreement.reader_id],
                    changed.agreement.revision,
                )
            case _:
                raise Poison("the change names no entity that is known here")
        async with self._db.work("directory") as tx:
            await tx.run(
                "upsert_directory_copy",
                key=event.key,
                kind=event.key.split("/", 1)[0],
                lookup=lookup,
                organisation_ids=[UUID(one) for one in concerned],
                revision=revision,
                body=entity.SerializeToString(),
            )

    async def _by_key(self, key: str, message: Callable[[], Entity]) -> Entity | None:
        async with self._db.work("directory") as tx:
            row = await tx.one("select_directory_copy", key=key)
        return _parse(message, row["body"]) if row else None

    async def _by_lookup(self, kind: str, lookup: str, message: Callable[[], Entity]) -> list[Entity]:
        async with self._db.work("directory") as tx:
            rows = await tx.all("select_directory_copy_by_lookup", kind=kind, lookup=lookup)
        return [_parse(message, row["body"]) for row in rows]

    async def _all(self, kind: str, message: Callable[[], Entity]) -> list[Entity]:
        async with self._db.work("directory") as tx:
            rows = await tx.all("select_directory_copy_of_kind", kind=kind)
        return [_parse(message, row["body"]) for row in rows]


def in_force(agreements: list[pb.Agreement], modality: str, body_part: str, on: date) -> pb.Agreement | None:
    """The version that covers the service on that day.

    A version decides from its first day on, even where it covers less than the one before: so first each agreement's latest
    begun version, then what those cover. The directory keeps agreements from overlapping.
    """
    day = on.isoformat()
    begun: dict[str, pb.Agreement] = {}
    for agreement in agreements:
        known = begun.get(agreement.id)
        if agreement.valid_from <= day and (known is None or agreement.version > known.version):
            begun[agreement.id] = agreement
    covering = (
        agreement
        for agreement in begun.values()
        if (not agreement.valid_until or day < agreement.valid_until)
        and any(one.modality == modality and one.body_part in ("*", body_part) for one in agreement.services)
    )
    return next(covering, None)


def _parse(message: Callable[[], Entity], body: bytes) -> Entity:
    entity = message()
    entity.ParseFromString(bytes(body))
    return entity
