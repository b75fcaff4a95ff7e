"""What was refused and why, for those whose instances they were."""

from typing import Any
from uuid import UUID

from services.shared.db import Database


class Refusals:
    """Reads the list of refusals."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def list(self, organisation_id: UUID, before: UUID | None, limit: int) -> list[dict[str, Any]]:
        """One's own refusals, newest first, after a cursor."""
        async with self._db.tenant(organisation_id) as tx:
            return await tx.all("list_refusals", organisation_id=organisation_id, before=before, limit=limit)
