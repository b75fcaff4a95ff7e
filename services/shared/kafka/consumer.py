"""Takes records in: partitions side by side, records of one partition in order, the offset last."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer as Client
from confluent_kafka import KafkaException, TopicPartition

from services.shared import crash, telemetry
from services.shared.db import Transaction
from services.shared.errors import Unavailable
from services.shared.events import Event, MalformedEvent, from_record
from services.shared.kafka.producer import MAX_REQUEST_BYTES, Producer, Record

_log = logging.getLogger(__name__)

Handler = Callable[[Event], Awaitable[None]]

_POLL_SECONDS = 0.5
_MAX_POLL_RECORDS = 48
_LAG_EVERY_SECONDS = 2.0
_METADATA_SECONDS = 5.0
_CLIENT = {
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
    # A kill must not hold the group for long; a long analysis must not lose it.
    "session.timeout.ms": 10_000,
    "max.poll.interval.ms": 600_000,
    "topic.metadata.refresh.interval.ms": 5_000,
    "fetch.message.max.bytes": MAX_REQUEST_BYTES,
    "log_level": 0,
}


class Poison(Exception):
    """A record that can never succeed, however often it is tried; its message is the reason kept in the dead-letter topic."""


@dataclass(frozen=True)
class Taken:
    """A record as it was consumed."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: dict[str, bytes]
    value: bytes | None
    timestamp_ms: int


def taken(message: Any) -> Taken:
    """A record of the client's as this code has it."""
    return Taken(
        message.topic(),
        message.partition(),
        message.offset(),
        message.key(),
        {name: value or b"" for name, value in message.headers() or ()},
        message.value(),
        message.timestamp()[1],
    )


async def first_time(tx: Transaction, consumer: str, event: Event) -> bool:
    """Note in `tx` (of the event's organisation) that `consumer` has had `event`; False when it had it before."""
    noted = await tx.run("insert_inbox", organisation_id=event.organisation_id, consumer=consumer, event_id=event.id)
    return noted == 1


class Consumer:
    """Reads topics in a group of its own. Partitions are handled side by side, records of one partition in order."""

    def __init__(
        self,
        bootstrap: str,
        group: str,
        topics: Sequence[str],
        handler: Handler,
        dead_letters: Producer,
        topic_prefix: str = "",
        security: Mapping[str, str] | None = None,
    ) -> None:
        self._group = topic_prefix + group
        self._configuration = _CLIENT | {"bootstrap.servers": bootstrap, "group.id": self._group} | dict(security or {})
        self._topics = [topic_prefix + topic for topic in topics]
        self._prefix = topic_prefix
        self._handler = handler
        self._dead_letters = dead_letters
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"kafka-{group}")
        for topic in self._topics:  # a counter that is not there yet would hide its first increase from an alert
            telemetry.EVENTS_CONSUMED.labels(topic=topic)
            telemetry.DEAD_LETTERS.labels(topic=topic)
            telemetry.CONSUMER_LAG.labels(topic=topic)

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`. While a part is away the consumer starts again and again from its last committed offset.

        Any other error of the handler but Poison ends it, and with it the process: that starts again and the record with it.
        """
        pause = 0.5
        while not stop.is_set():
            try:
                await self._consume(stop)
            except* (Unavailable, KafkaException, OSError) as errors:
                _log.warning("the consumer starts again in %.1f s: %s", pause, errors.exceptions[0])
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            else:
                pause = 0.5
        self._executor.shutdown()

    async def _consume(self, stop: asyncio.Event) -> None:
        client = await self._call(self._connect)
        look_again_at = 0.0
        try:
            while not stop.is_set():
                batch = await self._call(self._poll, client)
                if batch or time.monotonic() >= look_again_at:
                    await self._call(self._observe_lag, client, batch)
                    look_again_at = time.monotonic() + _LAG_EVERY_SECONDS
                if batch:
                    await self._handle_batch(client, batch)
        finally:
            await self._call(client.close)

    def _poll(self, client: Any) -> dict[tuple[str, int], list[Taken]]:
        """What has come, by partition; empty after a while without anything. Raises Unavailable."""
        batch: dict[tuple[str, int], list[Taken]] = defaultdict(list)
        first = client.poll(_POLL_SECONDS)
        if first is None:
            return {}
        # `consume` waits for its whole number: what has come beside the first is taken without waiting.
        for message in (first, *client.consume(_MAX_POLL_RECORDS - 1, 0)):
            if message.error() is not None:
                raise Unavailable(f"Kafka: {message.error().str()}")
            batch[message.topic(), message.partition()].append(taken(message))
        return batch

    async def _handle_batch(self, client: Any, batch: dict[tuple[str, int], list[Taken]]) -> None:
        async with asyncio.TaskGroup() as group:
            for records in batch.values():
                group.create_task(self._handle_partition(records))
        crash.point("consumer.handled")
        offsets = [
            TopicPartition(topic, partition, records[-1].offset + 1) for (topic, partition), records in batch.items()
        ]
        try:
            await self._call(lambda: client.commit(offsets=offsets, asynchronous=False))
        except KafkaException as error:
            # The group moved on, or the broker is away: the records come again and the inbox knows them.
            _log.warning("offsets not committed: %s", error)

    async def _handle_partition(self, records: list[Taken]) -> None:
        for record in records:
            try:
                event = from_record(record.key, record.headers, record.value)
                with telemetry.consumer_span(event, self._group):
                    await self._handler(event)
                    said = {"topic": record.topic, "event_type": event.type, "event_id": str(event.id)}
                    _log.info("handled", extra=said)
            except (MalformedEvent, Poison) as error:
                await self._bury(record, str(error))
            telemetry.EVENTS_CONSUMED.labels(topic=record.topic).inc()

    async def _bury(self, record: Taken, reason: str) -> None:
        topic = record.topic.removeprefix(self._prefix)
        _log.error("to the dead letters: %s[%d]@%d: %s", record.topic, record.partition, record.offset, reason)
        headers = {name: value.decode(errors="replace") for name, value in record.headers.items()}
        origin = {
            "dlq_reason": reason,
            "dlq_group": self._group,
            "dlq_topic": record.topic,
            "dlq_partition": str(record.partition),
            "dlq_offset": str(record.offset),
        }
        key = (record.key or b"").decode(errors="replace")
        await self._dead_letters.send([Record(f"{topic}.dlq", key, headers | origin, record.value or b"")])
        telemetry.DEAD_LETTERS.labels(topic=record.topic).inc()

    def _observe_lag(self, client: Any, batch: dict[tuple[str, int], list[Taken]]) -> None:
        """Note what waits, the batch at hand included: one that takes long, or fails again and again, is seen too."""
        lag = dict.fromkeys(self._topics, 0)
        for place in client.position(client.assignment()):
            _low, end = client.get_watermark_offsets(place, cached=True)
            at_hand = batch.get((place.topic, place.partition))
            begins = at_hand[0].offset if at_hand else place.offset
            if end >= 0 and begins >= 0:  # below zero: not known yet
                lag[place.topic] += max(0, end - begins)
        for topic, waiting in lag.items():
            telemetry.CONSUMER_LAG.labels(topic=topic).set(waiting)

    def _connect(self) -> Any:
        client = Client(self._configuration)
        try:
            missing = set(self._topics) - set(client.list_topics(timeout=_METADATA_SECONDS).topics)
            if missing:
                raise Unavailable(f"Kafka has no topic {', '.join(sorted(missing))}")
            client.subscribe(self._topics)
        except BaseException:
            client.close()
            raise
        return client

    async def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)
