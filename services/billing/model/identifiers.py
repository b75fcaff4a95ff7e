"""Derived identities (UUIDv5): the same thing always gets the same id, however often it is met."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

# Drawn once for this service; changing it would let everything be charged again.
_NAMESPACE: Final = UUID("6f0c2d52-58f3-5f0e-9a6d-0b6b1a7f4c3e")


def usage_id(organisation_id: UUID, exam_id: UUID, item_code: str) -> UUID:
    """The one usage record of an exam and a service item."""
    return uuid5(_NAMESPACE, f"usage/{organisation_id}/{exam_id}/{item_code}")


def reversal_id(corrected_usage_id: UUID) -> UUID:
    """The one reversal of a usage record."""
    return uuid5(_NAMESPACE, f"reversal/{corrected_usage_id}")


def line_id(settled_usage_id: UUID) -> UUID:
    """The one invoice line of a usage record."""
    return uuid5(_NAMESPACE, f"line/{settled_usage_id}")


def period_id(through: datetime) -> UUID:
    """The period that was closed through this instant."""
    return uuid5(_NAMESPACE, f"period/{through.astimezone(UTC).isoformat()}")


def invoice_id(period: UUID, payer_id: UUID, payee_id: UUID, currency: str) -> UUID:
    """The one invoice of a period for payer, payee and currency."""
    return uuid5(_NAMESPACE, f"invoice/{period}/{payer_id}/{payee_id}/{currency}")


def settlement_id(period: UUID, organisation_id: UUID, currency: str) -> UUID:
    """The one settlement statement of a period for an organisation and currency."""
    return uuid5(_NAMESPACE, f"settlement/{period}/{organisation_id}/{currency}")


def account_id(organisation_id: UUID, counterparty_id: UUID, kind: str, item_code: str, currency: str) -> UUID:
    """An account in an organisation's book."""
    return uuid5(_NAMESPACE, f"account/{organisation_id}/{counterparty_id}/{kind}/{item_code}/{currency}")
