"""The platform's topics on a broker: made where they are missing, compared where they are there."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource  # type: ignore[attr-defined]  # does not say what it exports
from confluent_kafka.cimpl import NewTopic

from services.admin.connection import Failed
from services.admin.region import Result

TABLE = Path(__file__).parents[2] / "infra" / "kafka" / "topics.yaml"
BROKERS_OWN = -1  # as many replicas as the broker makes by itself
_ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Topic:
    """One row of the table, or the dead-letter topic of one."""

    name: str
    partitions: int
    config: Mapping[str, str]


def read(path: Path = TABLE) -> list[Topic]:
    """Every topic of the table, each followed by its dead-letter topic. Raises Failed."""
    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
        kept_ms = int(timedelta(days=table["dead_letter_retention_days"]) / timedelta(milliseconds=1))
        topics: list[Topic] = []
        for row in table["topics"]:
            aside = {"cleanup.policy": "delete", "retention.ms": str(kept_ms)}
            topics.append(Topic(row["name"], row["partitions"], row["config"]))
            topics.append(Topic(f"{row['name']}.dlq", row["partitions"], aside))
    except OSError as error:
        raise Failed(f"cannot read {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise Failed(f"{path} is no table of topics: {error}") from error
    return topics


def configuration(path: Path | None) -> dict[str, str]:
    """What a file says of the client, as librdkafka names it: one key=value a line. Raises Failed."""
    if path is None:
        return {}
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise Failed(f"cannot read {path}: {error.strerror}") from error
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    if not all(sign for _, sign, _ in pairs):
        raise Failed(f"{path} holds one key=value a line, such as security.protocol=SASL_SSL")
    return {name.strip(): value.strip() for name, _, value in pairs}


def make(
    bootstrap: str,
    topics: Iterable[Topic],
    prefix: str = "",
    replicas: int = BROKERS_OWN,
    security: Mapping[str, str] | None = None,
) -> list[Result]:
    """Make what is missing and tell of each topic: created, unchanged, or differing from the table. Raises Failed."""
    wanted = {prefix + topic.name: topic for topic in topics}
    try:
        configuration: dict[str, Any] = {"bootstrap.servers": bootstrap, "log_level": 0}
        client: Any = AdminClient(configuration | dict(security or {}))
        new = [NewTopic(name, one.partitions, replicas, config=dict(one.config)) for name, one in wanted.items()]
        asked = client.create_topics(new, request_timeout=_ANSWER_SECONDS)
        made = {name for name, answer in asked.items() if _created(answer)}
        return list(_compared(client, wanted, made, _known(client, set(wanted))))
    except KafkaException as error:
        raise Failed(f"Kafka at {bootstrap}: {error.args[0].str()}") from error


def _created(answer: Any) -> bool:
    try:
        answer.result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise
        return False
    return True


def _known(client: Any, names: set[str]) -> Any:
    """The topics once the broker tells of all: it does a little later than it makes them. Raises Failed."""
    ends = time.monotonic() + _ANSWER_SECONDS
    while True:
        known = client.list_topics(timeout=_ANSWER_SECONDS).topics
        if missing := names - set(known):
            if time.monotonic() > ends:
                raise Failed(f"Kafka still tells of no topic {', '.join(sorted(missing))}")
            time.sleep(0.1)
        else:
            return known


def _compared(client: Any, wanted: Mapping[str, Topic], made: set[str], known: Any) -> Iterator[Result]:
    """What was there already may have been made by hand, or by a broker that makes topics when they are first named."""
    there = [name for name in wanted if name not in made]
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in there]
    answers = client.describe_configs(resources, request_timeout=_ANSWER_SECONDS) if there else {}
    configs = {resource.name: answer.result() for resource, answer in answers.items()}
    for name, topic in wanted.items():
        if name in made:
            yield Result("topic", name, "created", f"{topic.partitions} partitions")
            continue
        partitions = len(known[name].partitions)
        faults = [f"{partitions} partitions, not {topic.partitions}"] if partitions != topic.partitions else []
        for key, value in topic.config.items():
            found = configs[name][key].value
            if found != value:
                faults.append(f"{key} is {found}, not {value}")
        yield Result("topic", name, "differs" if faults else "unchanged", "; ".join(faults))
