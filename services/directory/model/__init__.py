"""What the directory knows, and the rules it holds to. Pure: no database, no network."""

from services.directory.model.agreement import (
    Agreement,
    BillableEvent,
    GateMode,
    ModelPermission,
    Party,
    PriceItem,
    Priority,
    Reading,
    Service,
    Terms,
    Tier,
    Turnaround,
)
from services.directory.model.change import Change, Done
from services.directory.model.party import Device, Membership, Organisation, Outcome, Role, check_roles, settle
from services.directory.model.versions import Coverage, conflict_between, coverage_of, in_force, next_version

__all__ = [
    "Agreement",
    "BillableEvent",
    "Change",
    "Coverage",
    "Device",
    "Done",
    "GateMode",
    "Membership",
    "ModelPermission",
    "Organisation",
    "Outcome",
    "Party",
    "PriceItem",
    "Priority",
    "Reading",
    "Role",
    "Service",
    "Terms",
    "Tier",
    "Turnaround",
    "check_roles",
    "conflict_between",
    "coverage_of",
    "in_force",
    "next_version",
    "settle",
]
