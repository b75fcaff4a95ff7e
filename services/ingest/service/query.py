"""QIDO-RS: finding studies, series and instances by what was noted about them."""

import json
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.ingest.model.matching import Query
from services.ingest.service.directory import Directory
from services.shared.db import Database, Transaction

_STATEMENTS = {"studies": "find_studies", "series": "find_series", "instances": "find_instances"}


class Queries:
    """Answers queries with rows: attributes in DICOM JSON, and what the address is made of."""

    def __init__(self, db: Database, directory: Directory) -> None:
        self._db, self._directory = db, directory

    async def find(self, caller_id: UUID, query: Query, alias: str | None) -> tuple[list[dict[str, Any]], bool]:
        """What the caller may see and the query matches, and whether the platform's own limit keeps more of it back.

        `extra` in a row holds the attributes asked for that no level keeps.
        """
        owner = await self._directory.organisation_by_alias(alias) if alias else None
        if alias and owner is None:
            return [], False  # as for an organisation of which nothing may be seen
        conditions = {name: value for name, value in query.parameters().items() if value is not None}
        async with self._db.tenant(caller_id) as tx:
            rows = await tx.all(
                _STATEMENTS[query.level],
                owner=owner.id if owner else None,
                study_uids=conditions.pop("study_uids", None),
                q=Jsonb(conditions),
                limit=query.limit + query.bounded,
                offset=query.offset,
            )
            more = len(rows) > query.limit
            for row in rows[: query.limit]:
                row["extra"] = await self._extra(tx, row, query)
        return rows[: query.limit], more

    async def _extra(self, tx: Transaction, row: dict[str, Any], query: Query) -> dict[str, Any]:
        here = (
            row["attributes"].keys() | row.get("study_attributes", {}).keys() | row.get("series_attributes", {}).keys()
        )
        wanted = query.include - here
        if not wanted:
            return {}
        found = await tx.one(
            "sample_metadata",
            organisation_id=row["organisation_id"],
            exam_id=row["id"],
            series_instance_uid=row.get("series_instance_uid"),
            sop_instance_uid=row.get("sop_instance_uid"),
        )
        metadata = json.loads(found["metadata"]) if found else {}
        return {tag: metadata[tag] for tag in wanted if tag in metadata}
