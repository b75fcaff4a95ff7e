"""Sends records in order; each is on all in-sync replicas before anybody is told so."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message
from confluent_kafka import Producer as Sender

from services.shared.errors import Unavailable

MAX_REQUEST_BYTES = 8 << 20  # an exam of many thousand instances is one event; infra/kafka/topics.yaml says the same
# A broker that is away is known within seconds: the relay's transaction waits for this.
_DELIVERY_SECONDS = 10


_SENDER = {
    "acks": "all",
    "enable.idempotence": True,
    "linger.ms": 2,
    "message.max.bytes": MAX_REQUEST_BYTES,
    "message.timeout.ms": _DELIVERY_SECONDS * 1000,
    "request.timeout.ms": 8000,
    # As Kafka's own clients choose a partition, so that every producer puts an exam's events into the same one.
    "partitioner": "murmur2_random",
    "log_level": 0,  # its own lines are no JSON, and a refused connection makes dozens: errors come as exceptions
}


@dataclass(frozen=True)
class Record:
    topic: str
    key: str
    headers: dict[str, str]
    value: bytes


class Producer:
    """Sends records; each is on all in-sync replicas when `send` returns."""

    def __init__(self, bootstrap: str, topic_prefix: str = "", security: Mapping[str, str] | None = None) -> None:
        self._configuration = _SENDER | {"bootstrap.servers": bootstrap} | dict(security or {})
        self._prefix = topic_prefix
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="kafka-producer")
        self._sender: Any = None

    async def send(self, records: Sequence[Record]) -> None:
        """Send in order. Raises Unavailable when the broker does not acknowledge all of them in time."""
        await asyncio.get_running_loop().run_in_executor(self._executor, self._send, records)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._executor, self._discard)
        self._executor.shutdown()

    def _send(self, records: Sequence[Record]) -> None:
        faults: list[KafkaError] = []

        def acknowledged(fault: KafkaError | None, _message: Message) -> None:
            if fault is not None:
                faults.append(fault)

        try:
            if self._sender is None:
                self._sender = Sender(self._configuration)
            for record in records:
                self._sender.produce(
                    self._prefix + record.topic,
                    key=record.key.encode(),
                    value=record.value,
                    headers=[(name, value.encode()) for name, value in record.headers.items()],
                    on_delivery=acknowledged,
                )
            waiting = self._sender.flush(_DELIVERY_SECONDS + 5)
        except (KafkaException, BufferError) as error:
            self._discard()
            raise Unavailable(f"Kafka: {error}") from error
        if faults or waiting:
            # What is still buffered would overtake the retry: start over with an empty producer.
            self._discard()
            raise Unavailable(f"Kafka: {faults[0].str() if faults else 'no acknowledgement in time'}")

    def _discard(self) -> None:
        if self._sender is not None:
            self._sender.purge()
            self._sender.flush(1)
            self._sender = None
