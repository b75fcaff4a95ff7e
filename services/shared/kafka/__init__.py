"""Kafka: a producer that acknowledges only what every replica has, and a consumer that commits an offset only after the effect."""

from services.shared.kafka.consumer import Consumer, Handler, Poison, first_time
from services.shared.kafka.producer import Producer, Record

__all__ = ["Consumer", "Handler", "Poison", "Producer", "Record", "first_time"]
