"""What the clients of Kafka and PostgreSQL are told of encryption and sign-in."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer as KafkaConsumer
from confluent_kafka import Producer as KafkaProducer

from services.shared.db import connection_parameters
from services.shared.kafka import Consumer, Producer, security
from services.shared.settings import KafkaSettings, PostgresSettings, ServiceSettings, SettingsError, load
from tests.unit.shared.test_settings import COMPLETE

SASL = {
    "kafka_bootstrap": "k:1",
    "kafka_security_protocol": "SASL_SSL",
    "kafka_username": "sonobridge",
}


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("s3cret\n")
    return file


def test_kafka_is_spoken_to_in_plain_text_unless_said() -> None:
    assert security(KafkaSettings(kafka_bootstrap="k:1")) == {"security.protocol": "PLAINTEXT"}


def test_kafka_is_spoken_to_by_tls_with_sasl_and_a_root_of_ones_own(password: Path) -> None:
    given: dict[str, Any] = SASL | {"kafka_password_file": password, "kafka_ca_file": Path("/ca.crt")}
    assert security(KafkaSettings(**given)) == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "SCRAM-SHA-512",
        "sasl.username": "sonobridge",
        "sasl.password": "s3cret",
        "ssl.ca.location": "/ca.crt",
    }


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_the_clients_take_what_they_are_told(mechanism: str, password: Path) -> None:
    given: dict[str, Any] = SASL | {"kafka_password_file": password, "kafka_sasl_mechanism": mechanism}
    told = security(KafkaSettings(**given)) | {"bootstrap.servers": "127.0.0.1:1"}
    producer = Producer("127.0.0.1:1", security=told)
    consumer = Consumer("127.0.0.1:1", "g", ["billing.v1"], _never, producer, security=told)
    for client, configuration in ((KafkaConsumer, consumer._configuration), (KafkaProducer, producer._configuration)):
        assert configuration.items() >= told.items()
        client(configuration)  # raises for a setting that it does not know, or was built without
    await producer.close()


@pytest.mark.parametrize(
    "faulty",
    [
        {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"},
        {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_USERNAME": "sonobridge"},
        {"KAFKA_USERNAME": "sonobridge", "KAFKA_PASSWORD_FILE": "/p"},
        {"KAFKA_SECURITY_PROTOCOL": "TLS"},
    ],
)
def test_a_sign_in_that_cannot_be_is_refused_at_the_start(
    faulty: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (COMPLETE | faulty).items():
        monkeypatch.setenv(f"SONOBRIDGE_{name}", value)
    with pytest.raises(SettingsError, match="KAFKA_"):
        load(ServiceSettings)


def test_postgresql_is_asked_for_tls_as_the_settings_say(password: Path) -> None:
    def parameters(**more: Any) -> dict[str, Any]:
        given: dict[str, Any] = {"postgres_host": "h", "postgres_port": 5432, "postgres_password_file": password} | more
        return connection_parameters(PostgresSettings(**given), "ingest")

    assert parameters() == {
        "host": "h",
        "port": 5432,
        "dbname": "sonobridge",
        "user": "ingest",
        "password": "s3cret",
        "sslmode": "prefer",
    }
    checked = parameters(postgres_sslmode="verify-full", postgres_ca_file=Path("/ca.crt"), postgres_user="other")
    assert (checked["sslmode"], checked["sslrootcert"], checked["user"]) == ("verify-full", "/ca.crt", "other")


async def _never(_event: object) -> None:
    await asyncio.Event().wait()
