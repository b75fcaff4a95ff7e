"""What consumers put aside: listed, shown, and sent once more to the topic it came from.

A replay is noted by a record in the dead-letter topic itself, after the event has been acknowledged again; whoever dies in between
sends it twice, which consumers know by the event's id.
"""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import DecodeError, Message
from sonobridge.billing.v1 import events_pb2 as billing
from sonobridge.directory.v1 import events_pb2 as directory
from sonobridge.inference.v1 import events_pb2 as inference
from sonobridge.ingest.v1 import events_pb2 as ingest
from sonobridge.reporting.v1 import events_pb2 as reporting

from services.admin.connection import Failed
from services.shared.errors import Unavailable
from services.shared.kafka import Producer, Record, Taken, held

TOPICS = ("directory.v1", "ingest.v1", "inference.v1", "reporting.v1", "billing.v1")
SUFFIX = ".dlq"
_REPLAYED = "dlq_replayed"
_ORIGIN = "dlq_"

BODIES: dict[str, type[Message]] = {
    "directory.changed": directory.DirectoryChanged,
    "exam.completed": ingest.ExamCompleted,
    "exam.amended": ingest.ExamAmended,
    "analysis.completed": inference.AnalysisCompleted,
    "analysis.skipped": inference.AnalysisSkipped,
    "analysis.failed": inference.AnalysisFailed,
    "report.signed": reporting.ReportSigned,
    "usage.recorded": billing.UsageRecorded,
    "invoice.issued": billing.InvoiceIssued,
}


@dataclass(frozen=True)
class DeadLetter:
    """One record that a consumer group could never handle."""

    topic: str
    partition: int
    offset: int
    time: datetime
    key: str
    headers: dict[str, str]
    value: bytes
    replayed: bool

    @property
    def id(self) -> str:
        """By what it is named on the command line."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def reason(self) -> str:
        return self.headers.get("dlq_reason", "")

    @property
    def group(self) -> str:
        return self.headers.get("dlq_group", "")

    @property
    def event_type(self) -> str:
        return self.headers.get("ce_type", "")

    def body(self) -> str:
        """The body as JSON where it can be read, else as hexadecimal digits. It may hold patient data."""
        message = BODIES.get(self.event_type)
        if message is not None:
            try:
                return MessageToJson(
                    message.FromString(self.value), preserving_proto_field_name=True, ensure_ascii=False
                )
            except DecodeError:
                pass
        return self.value.hex()


class DeadLetters:
    """The dead-letter topics of one platform."""

    def __init__(self, bootstrap: str, topic_prefix: str = "", security: Mapping[str, str] | None = None) -> None:
        self._bootstrap = bootstrap
        self._prefix = topic_prefix
        self._security = security

    def all(self, topics: Iterable[str] = TOPICS) -> list[DeadLetter]:
        """Everything put aside, oldest first. Raises Failed when Kafka does not answer."""
        try:
            records = held(self._bootstrap, [f"{self._prefix}{topic}{SUFFIX}" for topic in topics], self._security)
        except Unavailable as error:
            raise Failed(f"Kafka at {self._bootstrap} does not answer: {error}") from error
        return sorted(self._letters(records), key=lambda letter: (letter.time, letter.id))

    def one(self, id: str) -> DeadLetter:
        """Raises Failed when there is no such one."""
        topic = id.partition("/")[0].removesuffix(SUFFIX)
        found = next((one for one in self.all([topic]) if one.id == id), None) if topic in TOPICS else None
        if found is None:
            raise Failed(f"there is no dead letter {id}; `sonobridge admin dead-letters list --all` names them")
        return found

    def replay(self, letters: Iterable[DeadLetter]) -> int:
        """Send each to the topic it came from, then note that; how many. Raises Failed when Kafka does not take one."""
        try:
            return asyncio.run(self._replay(list(letters)))
        except Unavailable as error:
            raise Failed(f"not all were replayed, try again: {error}") from error

    async def _replay(self, letters: list[DeadLetter]) -> int:
        producer = Producer(self._bootstrap, self._prefix, self._security)
        try:
            for letter in letters:
                headers = {name: value for name, value in letter.headers.items() if not name.startswith(_ORIGIN)}
                await producer.send([Record(letter.topic.removesuffix(SUFFIX), letter.key, headers, letter.value)])
                note = {_REPLAYED: f"{letter.partition}/{letter.offset}"}
                await producer.send([Record(letter.topic, letter.key, note, b"")])
        finally:
            await producer.close()
        return len(letters)

    def _letters(self, records: list[Taken]) -> Iterator[DeadLetter]:
        read = [
            (record, {name: value.decode(errors="replace") for name, value in record.headers.items()})
            for record in records
        ]
        replayed = {(record.topic, headers[_REPLAYED]) for record, headers in read if _REPLAYED in headers}
        for record, headers in read:
            if _REPLAYED not in headers:
                yield DeadLetter(
                    topic=record.topic.removeprefix(self._prefix),
                    partition=record.partition,
                    offset=record.offset,
                    time=datetime.fromtimestamp(record.timestamp_ms / 1000, UTC),
                    key=(record.key or b"").decode(errors="replace"),
                    headers=headers,
                    value=record.value or b"",
                    replayed=(record.topic, f"{record.partition}/{record.offset}") in replayed,
                )


def as_json(letter: DeadLetter) -> str:
    """One line for scripts, without the body."""
    content = {
        "id": letter.id,
        "time": letter.time.isoformat(),
        "type": letter.event_type,
        "group": letter.group,
        "reason": letter.reason,
        "key": letter.key,
        "size_bytes": len(letter.value),
        "replayed": letter.replayed,
    }
    return json.dumps(content, ensure_ascii=False)
