"""How a client proves itself to the brokers and checks them, in librdkafka's words."""

from services.shared.settings import KafkaSettings, read_secret


def security(settings: KafkaSettings) -> dict[str, str]:
    """What every client of the broker adds to its own configuration. Raises SettingsError for an unreadable password."""
    given: dict[str, str] = {"security.protocol": settings.kafka_security_protocol}
    if settings.kafka_password_file is not None:
        given |= {
            "sasl.mechanisms": settings.kafka_sasl_mechanism,
            "sasl.username": settings.kafka_username,
            "sasl.password": read_secret(settings.kafka_password_file),
        }
    if settings.kafka_ca_file is not None:
        given["ssl.ca.location"] = str(settings.kafka_ca_file)
    return given
