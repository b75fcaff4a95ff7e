"""That somebody changed the directory."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Done(StrEnum):
    """What was done to an entity."""

    CREATED = "created"
    CHANGED = "changed"
    RENEWED = "renewed"  # a new password or client secret in place of the one before


@dataclass(frozen=True, kw_only=True)
class Change:
    """Who did what to which entity, when. `content` is the entity as it then was."""

    id: UUID
    organisation_id: UUID
    at: datetime
    subject: str
    username: str
    kind: str
    name: str
    outcome: Done
    content: dict[str, Any]
