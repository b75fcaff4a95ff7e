"""CloudEvents 1.0 in Kafka's binary mode: attributes in headers, the body a protobuf message."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from google.protobuf.message import DecodeError, Message

CONTENT_TYPE = "application/protobuf"

Body = TypeVar("Body", bound=Message)


class MalformedEvent(Exception):
    """A record is no event that can be read."""


@dataclass(frozen=True)
class Event:
    """Something that happened, told once. `organisation_id` owns it; `key` orders it."""

    id: UUID
    type: str
    source: str
    key: str
    organisation_id: UUID
    time: datetime
    body: bytes
    traceparent: str = ""

    def decode(self, message: Callable[[], Body]) -> Body:
        """The body as `message`. Raises MalformedEvent."""
        decoded = message()
        try:
            decoded.ParseFromString(self.body)
        except DecodeError as error:
            raise MalformedEvent(f"{self.type} {self.id}: the body is no {message}: {error}") from error
        return decoded

    def headers(self) -> dict[str, str]:
        """The attributes as Kafka headers."""
        attributes = {
            "ce_specversion": "1.0",
            "ce_id": str(self.id),
            "ce_source": self.source,
            "ce_type": self.type,
            "ce_time": self.time.isoformat(),
            "ce_subject": self.key,
            "ce_organisation": str(self.organisation_id),
            "content-type": CONTENT_TYPE,
        }
        return attributes | ({"traceparent": self.traceparent} if self.traceparent else {})


def from_record(key: bytes | None, headers: Mapping[str, bytes], body: bytes | None) -> Event:
    """The event in a Kafka record. Raises MalformedEvent, naming what is wrong."""
    try:
        text = {name: value.decode() for name, value in headers.items()}
        return Event(
            id=UUID(text["ce_id"]),
            type=text["ce_type"],
            source=text["ce_source"],
            key=(key or b"").decode(),
            organisation_id=UUID(text["ce_organisation"]),
            time=datetime.fromisoformat(text["ce_time"]),
            body=body or b"",
            traceparent=text.get("traceparent", ""),
        )
    except KeyError as error:
        raise MalformedEvent(f"the header {error.args[0]} is missing") from error
    except (ValueError, UnicodeDecodeError) as error:
        raise MalformedEvent(f"a header cannot be read: {error}") from error
