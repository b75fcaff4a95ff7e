"""What topics hold, for those who look once: the command line and tests. No group, nothing committed."""

from collections.abc import Mapping, Sequence

from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Consumer as Client

from services.shared.errors import Unavailable
from services.shared.kafka.consumer import Taken, taken

_ANSWER_SECONDS = 10.0
_CLIENT = {
    "group.id": "looking",  # the client wants one; partitions are assigned, so no group is joined
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "isolation.level": "read_committed",
    "log_level": 0,
}


def held(bootstrap: str, topics: Sequence[str], security: Mapping[str, str] | None = None) -> list[Taken]:
    """Every record that the topics hold now, each partition's in order; a topic that is not there holds none.

    Blocks. Raises Unavailable while Kafka does not answer.
    """
    client = Client(_CLIENT | {"bootstrap.servers": bootstrap} | dict(security or {}))
    try:
        known = client.list_topics(timeout=_ANSWER_SECONDS).topics
        unread = {(topic, number) for topic in topics if topic in known for number in known[topic].partitions}
        client.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for topic, number in sorted(unread)])
        found: list[Taken] = []
        while unread:
            message = client.poll(_ANSWER_SECONDS)
            if message is None:
                raise Unavailable("Kafka does not answer")
            error = message.error()
            if error is None:
                found.append(taken(message))
            elif error.code() == KafkaError._PARTITION_EOF:
                unread.discard((message.topic(), message.partition()))
            else:
                raise Unavailable(f"Kafka: {error.str()}")
        return found
    except KafkaException as error:
        raise Unavailable(f"Kafka: {error}") from error
    finally:
        client.close()
