"""Whom an access token speaks for: the directory answers from its own records what other services ask their copy."""

from uuid import UUID

from sonobridge.directory.v1 import directory_pb2 as pb

from services.directory import messages, store
from services.shared.db import Database


class Roster:
    """Looks members up across organisations, under the work role `directory_directory`: the tenant is not known before."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def organisation(self, organisation_id: UUID) -> pb.Organisation | None:
        async with self._db.work("directory") as tx:
            found = await store.organisation_by_id(tx, organisation_id)
        return messages.organisation(found) if found else None

    async def organisation_by_alias(self, alias: str) -> pb.Organisation | None:
        async with self._db.work("directory") as tx:
            found = await store.organisation(tx, alias)
        return messages.organisation(found) if found else None

    async def membership(self, organisation_id: UUID, subject: str) -> pb.Membership | None:
        async with self._db.work("directory") as tx:
            found = await store.membership_by_subject(tx, organisation_id, subject)
        return messages.membership(found) if found and found.active else None
