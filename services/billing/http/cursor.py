"""Where a list goes on: the sort key of its last item, opaque to the caller."""

import base64
import binascii
import json
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from services.shared.errors import Malformed

Moment = TypeVar("Moment", date, datetime)


def write(key: date, identity: UUID) -> str:
    """The cursor after the item with this sort key."""
    return base64.urlsafe_b64encode(json.dumps([key.isoformat(), str(identity)]).encode()).decode().rstrip("=")


def read(cursor: str | None, kind: type[Moment]) -> tuple[Moment, UUID] | None:
    """The sort key in a cursor. Raises Malformed."""
    if cursor is None:
        return None
    try:
        key, identity = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return kind.fromisoformat(key), UUID(identity)
    except (binascii.Error, ValueError, TypeError, AttributeError) as error:
        raise Malformed("this cursor is none of ours; begin without one") from error
