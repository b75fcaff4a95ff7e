"""Kafka: a producer that acknowledges only what every replica has, and a consumer that commits an offset only after the effect."""

from services.shared.kafka.consumer import Consumer, Handler, Poison, Taken, first_time
from services.shared.kafka.held import held
from services.shared.kafka.producer import Producer, Record
from services.shared.kafka.security import security

__all__ = ["Consumer", "Handler", "Poison", "Producer", "Record", "Taken", "first_time", "held", "security"]
