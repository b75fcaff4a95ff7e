"""Kafka: a producer that acknowledges only what every replica has, and a consumer that commits an offset only after the effect."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from services.shared import crash, telemetry
from services.shared.db import Transaction
from services.shared.errors import Unavailable
from services.shared.events import Event, MalformedEvent, from_record

_log = logging.getLogger(__name__)

Handler = Callable[[Event], Awaitable[None]]

_MAX_REQUEST_BYTES = 8 << 20  # an exam of many thousand instances is one event; infra/kafka/topics.yaml says the same
_SEND_SECONDS = 15
_POLL_MILLISECONDS = 200
_MAX_POLL_RECORDS = 48


class Poison(Exception):
    """A record that can never succeed, however often it is tried; its message is the reason kept in the dead-letter topic."""


@dataclass(frozen=True)
class Record:
    topic: str
    key: str
    headers: dict[str, str]
    value: bytes


class Producer:
    """Sends records; each is on all in-sync replicas when `send` returns."""

    def __init__(self, bootstrap: str, topic_prefix: str = "") -> None:
        self._bootstrap = bootstrap
        self._prefix = topic_prefix
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="kafka-producer")
        self._producer: KafkaProducer | None = None

    async def send(self, records: Sequence[Record]) -> None:
        """Send in order. Raises Unavailable when the broker does not acknowledge all of them in time."""
        await asyncio.get_running_loop().run_in_executor(self._executor, self._send, records)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._executor, self._discard)
        self._executor.shutdown()

    def _send(self, records: Sequence[Record]) -> None:
        try:
            if self._producer is None:
                self._producer = KafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    acks="all",
                    linger_ms=2,
                    max_request_size=_MAX_REQUEST_BYTES,
                    # A broker that is away is known within seconds: the relay's transaction waits for this.
                    bootstrap_timeout_ms=5_000,
                    max_block_ms=5_000,
                    request_timeout_ms=8_000,
                    delivery_timeout_ms=10_000,
                )
            futures = [
                self._producer.send(
                    self._prefix + record.topic,
                    key=record.key.encode(),
                    value=record.value,
                    headers=[(name, value.encode()) for name, value in record.headers.items()],
                )
                for record in records
            ]
            self._producer.flush(timeout=_SEND_SECONDS)
            for future in futures:
                future.get(timeout=_SEND_SECONDS)
        except (KafkaError, OSError) as error:
            # What is still buffered would overtake the retry: start over with an empty producer.
            self._discard()
            raise Unavailable(f"Kafka: {error}") from error

    def _discard(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=0)
            self._producer = None


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
    ) -> None:
        self._bootstrap = bootstrap
        self._group = topic_prefix + group
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
            except* (Unavailable, KafkaError, OSError) as errors:
                _log.warning("the consumer starts again in %.1f s: %s", pause, errors.exceptions[0])
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            else:
                pause = 0.5
        self._executor.shutdown()

    async def _consume(self, stop: asyncio.Event) -> None:
        consumer = await self._call(self._connect)
        try:
            while not stop.is_set():
                batch = await self._call(consumer.poll, _POLL_MILLISECONDS, _MAX_POLL_RECORDS)
                await self._call(self._observe_lag, consumer, batch)
                if batch:
                    await self._handle_batch(consumer, batch)
        finally:
            await self._call(consumer.close)

    async def _handle_batch(self, consumer: Any, batch: dict[Any, list[Any]]) -> None:
        async with asyncio.TaskGroup() as group:
            for records in batch.values():
                group.create_task(self._handle_partition(records))
        crash.point("consumer.handled")
        offsets = {
            partition: OffsetAndMetadata(records[-1].offset + 1, "", -1)
            for partition, records in batch.items()
            if records
        }
        try:
            await self._call(consumer.commit, offsets)
        except (KafkaError, OSError) as error:
            # The group moved on, or the broker is away: the records come again and the inbox knows them.
            _log.warning("offsets not committed: %s", error)

    async def _handle_partition(self, records: list[Any]) -> None:
        for record in records:
            try:
                event = from_record(record.key, dict(record.headers), record.value)
                with telemetry.consumer_span(event, self._group):
                    await self._handler(event)
                    said = {"topic": record.topic, "event_type": event.type, "event_id": str(event.id)}
                    _log.info("handled", extra=said)
            except (MalformedEvent, Poison) as error:
                await self._bury(record, str(error))
            telemetry.EVENTS_CONSUMED.labels(topic=record.topic).inc()

    async def _bury(self, record: Any, reason: str) -> None:
        topic = record.topic.removeprefix(self._prefix)
        _log.error("to the dead letters: %s[%d]@%d: %s", record.topic, record.partition, record.offset, reason)
        headers = {name: value.decode(errors="replace") for name, value in record.headers}
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

    def _observe_lag(self, consumer: Any, batch: dict[Any, list[Any]]) -> None:
        """Note what waits, the batch at hand included: one that takes long, or fails again and again, is seen too."""
        lag = dict.fromkeys(self._topics, 0)
        for partition in consumer.assignment():
            end = consumer.highwater(partition)
            if end is not None:
                at_hand = batch.get(partition)
                begins = at_hand[0].offset if at_hand else consumer.position(partition)
                lag[partition.topic] += max(0, end - begins)
        for topic, waiting in lag.items():
            telemetry.CONSUMER_LAG.labels(topic=topic).set(waiting)

    def _connect(self) -> Any:
        consumer = KafkaConsumer(
            bootstrap_servers=self._bootstrap,
            bootstrap_timeout_ms=5_000,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            # A kill must not hold the group for long; a long analysis must not lose it.
            session_timeout_ms=10_000,
            max_poll_interval_ms=600_000,
            # Who joins before it has the topics' metadata is assigned nothing until the next look.
            metadata_max_age_ms=5_000,
        )
        missing = set(self._topics) - set(consumer.topics())
        if missing:
            consumer.close()
            raise Unavailable(f"Kafka has no topic {', '.join(sorted(missing))}")
        consumer.subscribe(self._topics)
        return consumer

    async def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)


__all__ = ["Consumer", "Handler", "Poison", "Producer", "Record", "first_time"]
